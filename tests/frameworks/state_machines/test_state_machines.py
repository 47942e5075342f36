"""What PipeSense writes into state machines and workflows, read and run by the tools of others.

Every fixed example of the pages is accepted by a validator of its kind; workflows are run against a server that refuses twice.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
import yaml
from statelint.linter import Linter
from workflows_emulator.main import execute_workflow

from pipesense.engine.report import BuiltFix
from pipesense.host.rulepacks import load_registry
from pipesense.rule.page import strip_expectations
from pipesense.text.edit import apply_edits
from support.memory import ROOT, workspace

pytestmark = pytest.mark.framework

REGISTRY = load_registry()
_LIMIT = 20


def examples(verdict: str, *endings: str) -> list[Any]:
    found = []
    for rule in REGISTRY:
        page = REGISTRY.page(rule.meta.id)
        for block in page.examples if page is not None else ():
            if block.verdict == verdict and block.file.endswith(endings):
                text = strip_expectations(block.text)
                found.append(pytest.param(block.file, text, id=f"{rule.meta.id}-line-{block.line}"))
    return found


def read(file: str, text: str) -> Any:
    return json.loads(text) if file.endswith(".json") else yaml.safe_load(text)


FIXED = examples("fixed", ".asl.json", ".asl.yaml")
REFUSED = [case for case in examples("invalid", ".asl.json", ".asl.yaml") if "missing-next" in str(case.id)]


@pytest.mark.parametrize(("file", "text"), FIXED)
def test_statelint_accepts_what_is_fixed(file: str, text: str) -> None:
    assert Linter.validate(read(file, text)) == []


@pytest.mark.parametrize(("file", "text"), REFUSED)
def test_statelint_refuses_what_is_called_an_error(file: str, text: str) -> None:
    assert Linter.validate(read(file, text)) != []


TEMPLATES = examples("fixed", "template.yaml")


@pytest.mark.parametrize(("file", "text"), TEMPLATES)
def test_cfn_lint_accepts_what_is_fixed(file: str, text: str, tmp_path: Path) -> None:
    from cfnlint.api import ManualArgs, lint_file

    path = tmp_path / "template.yaml"
    path.write_text(_whole(text), encoding="utf-8")
    found = lint_file(path, ManualArgs(regions=["eu-west-1"]))
    assert [str(each) for each in found] == []


def _whole(text: str) -> str:
    """A template with what its machine names beside it: a role and a table."""
    resources = (
        "Resources:\n"
        "  Role:\n    Type: AWS::IAM::Role\n    Properties:\n      AssumeRolePolicyDocument: {Version: '2012-10-17', "
        "Statement: [{Effect: Allow, Principal: {Service: states.amazonaws.com}, Action: sts:AssumeRole}]}\n"
        "  Orders:\n    Type: AWS::DynamoDB::Table\n    DeletionPolicy: Retain\n    UpdateReplacePolicy: Retain\n"
        "    Properties: {BillingMode: PAY_PER_REQUEST, KeySchema: [{AttributeName: id, KeyType: HASH}], "
        "AttributeDefinitions: [{AttributeName: id, AttributeType: S}]}\n"
    )
    return text.replace("Resources:\n", resources, 1)


# --- workflows -----------------------------------------------------------------------------------


class Refusing:
    """A server that is not there for the first two requests; ``hits`` counts all of them."""

    def __init__(self) -> None:
        self.hits = 0
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def _answer(self) -> None:
                outer.hits += 1
                self.rfile.read(int(self.headers.get("Content-Length") or 0))
                status, body = (503, b"busy") if outer.hits <= 2 else (200, b'{"rows": 7}')
                self.send_response(status)
                self.send_header("Content-Type", "application/json" if status == 200 else "text/plain")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            do_GET = do_POST = _answer

            def log_message(self, *_: object) -> None:
                pass

        self._server = HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/orders"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def server() -> Iterator[Refusing]:
    made = Refusing()
    yield made
    made.stop()


def workflow(call: str, url: str) -> str:
    return (
        "main:\n  steps:\n    - ask: # the one request\n"
        f"        call: {call}\n        args:\n          url: {url}\n          timeout: 10\n        result: answer\n"
        "    - done:\n        return: ${answer.body.rows}\n"
    )


def fixed(file: str, text: str, rule: str) -> str:
    made = workspace({file: text})
    made.index_all()
    path = f"{ROOT}/{file}"
    (found,) = (each for each in made.findings(path) if each.rule == rule)
    built = made.build(made.offers(found)[0].id, path)
    assert isinstance(built, BuiltFix), built.why
    return apply_edits(text, built.edits[path])


@pytest.mark.parametrize("call", ["http.get", "http.post"])
@pytest.mark.parametrize("language", ["yaml", "json"])
def test_a_request_that_is_refused_twice_succeeds_once_it_is_repeated(
    call: str, language: str, server: Refusing, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("time.sleep", lambda _: None)
    file, text = f"load.workflows.{language}", workflow(call, server.url)
    if language == "json":
        text = json.dumps(yaml.safe_load(text), indent=2)
    with pytest.raises(Exception, match=r"503|busy|HTTP"):
        execute_workflow(read(file, text), {})
    assert server.hits == 1, "nothing is repeated before the fix"
    server.hits = 0
    after = fixed(file, text, "reliability/no-retries")
    assert execute_workflow(read(file, after), {}) == 7
    assert server.hits == 3


def test_every_kind_of_proof_has_cases() -> None:
    assert len(FIXED) >= _LIMIT / 2
    assert TEMPLATES
    assert len(REFUSED) >= 2
