"""``rules``, ``explain``, ``server``, ``--version`` and what the command does with its streams."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys

import pytest

import pipesense
from pipesense.cli import terminal
from pipesense.cli.main import main
from pipesense.cli.options import ServerOptions, parse
from pipesense.host.rulepacks import load_registry
from unit.cli.conftest import Project


def test_version(project: Project) -> None:
    ran = project.run("--version")
    assert (ran.code, ran.out) == (0, f"pipesense {pipesense.__version__}\n")


def test_no_command_is_a_mistake(project: Project) -> None:
    assert project.run().code == 2


def test_rules_in_order_of_their_concerns(project: Project) -> None:
    ran = project.run("rules")
    assert ran.code == 0
    headings = [line for line in ran.out.splitlines() if line and "/" not in line and " " not in line]
    assert headings.index("quality") < headings.index("reliability") < headings.index("performance")
    assert "  reliability/no-retries " in ran.out


def test_rules_as_data(project: Project) -> None:
    rules = {rule["id"]: rule for rule in json.loads(project.run("rules", "--format", "json").out)}
    assert rules["reliability/no-retries"]["severity"] == "warning"
    assert rules["reliability/no-retries"]["fixable"] is True


def test_explain_a_concern_lists_its_rules(project: Project) -> None:
    ran = project.run("explain", "reliability")
    assert ran.code == 0
    assert "reliability/no-retries" in ran.out
    assert "quality/" not in ran.out


def test_explain_a_rule(project: Project) -> None:
    ran = project.run("explain", "reliability/no-retries")
    assert ran.code == 0
    assert ran.out.startswith("# ")
    assert ran.out.splitlines()[2].startswith("warning, can be fixed, pattern `")


def test_explain_leads_to_other_pages(project: Project) -> None:
    out = project.run("explain", "idempotency/append-on-rerun").out
    assert "Idempotent load (`pipesense explain idempotent-load`)" in out
    assert ".md)" not in out
    assert "(`pipesense explain insert-without-column-list`)" in project.run("explain", "select-star-output").out


def test_explain_shows_one_example_and_what_its_fix_makes_of_it(project: Project) -> None:
    brief = project.run("explain", "reliability/no-retries").out
    assert [line for line in brief.splitlines() if line.startswith(("Reported", "Fixed", "Fine"))] == [
        "Reported:",
        "Fixed:",
    ]
    assert "pipesense explain reliability/no-retries --all-examples" in brief
    assert "## When to ignore" in brief
    whole = project.run("explain", "reliability/no-retries", "--all-examples").out
    assert len(whole.splitlines()) > 3 * len(brief.splitlines())
    assert "--all-examples" not in whole
    pattern = project.run("explain", "retry-with-backoff").out
    assert pattern == project.run("explain", "retry-with-backoff", "--all-examples").out


def test_explain_fits_two_screens_for_every_rule() -> None:
    registry = load_registry(lambda problem: pytest.fail(problem.message))
    pages = [page for rule in registry if (page := registry.page(rule.meta.id)) is not None]
    assert len(pages) > 200
    crowded = [page.title for page in pages if page.brief.count("\n```") > 6 or len(page.brief) > len(page.teaching)]
    assert not crowded


def test_explain_shows_settings_as_they_are_written(project: Project) -> None:
    out = project.run("explain", "reliability/no-retries").out
    settings = out.partition("```toml\n[tool")[2].partition("```")[0]
    assert '.pipesense.rules."reliability/no-retries"]\nattempts = 3  # ' in settings
    assert "## Settings" not in project.run("explain", "correctness/equals-null").out


def test_explain_a_rule_by_its_bare_name(project: Project) -> None:
    assert project.run("explain", "no-retries").out == project.run("explain", "reliability/no-retries").out


def test_explain_what_is_not_there(project: Project) -> None:
    ran = project.run("explain", "reliability/no-retrys")
    assert (ran.code, ran.out) == (2, "")
    assert "Did you mean reliability/no-retries" in ran.err


SERVERS = [
    ([], None),
    (["--stdio"], None),
    (["--tcp", "2087"], 2087),
    (["--stdio", "--clientProcessId=77"], None),
]


@pytest.mark.parametrize(("arguments", "tcp"), SERVERS)
def test_server_options(arguments: list[str], tcp: int | None) -> None:
    assert parse(["server", *arguments]) == ServerOptions(tcp)
    asked: list[int | None] = []

    def serve(port: int | None) -> int:
        asked.append(port)
        return 7

    assert main(["server", *arguments], serve) == 7
    assert asked == [tcp]


def test_a_port_that_is_taken(project: Project, capfd: pytest.CaptureFixture[str]) -> None:
    def serve(port: int | None) -> int:
        raise OSError(98, "Address already in use")

    assert main(["server", "--tcp", "80"], serve) == 2
    assert capfd.readouterr().err == "pipesense: the language server cannot use port 80: Address already in use\n"


@pytest.mark.parametrize("port", ["x", "-1", "65536", "1.5"])
def test_a_port_that_is_none(port: str) -> None:
    with pytest.raises(SystemExit):
        parse(["server", "--tcp", port])


COLOURS = [
    ({}, True, True),
    ({}, False, False),
    ({"NO_COLOR": "1"}, True, False),
    ({"NO_COLOR": ""}, True, True),
    ({"FORCE_COLOR": "1"}, False, True),
    ({"FORCE_COLOR": "1", "NO_COLOR": "1"}, True, False),
    ({"TERM": "dumb"}, True, False),
]


@pytest.mark.parametrize(("environment", "is_terminal", "coloured"), COLOURS)
def test_colours(
    monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], is_terminal: bool, coloured: bool
) -> None:
    monkeypatch.setattr("os.environ", {"TERM": "xterm", **environment})
    stream = io.StringIO()
    stream.isatty = lambda: is_terminal  # type: ignore[method-assign]
    assert terminal.wants_colour(stream) is coloured


def test_a_stream_that_lacks_characters_gets_escapes() -> None:
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding="ascii")
    terminal.put("é 日\n", stream)
    assert raw.getvalue() == b"\\xe9 \\u65e5\n"
    terminal.put("é", stream, encoding="utf-8")
    assert raw.getvalue().endswith("é".encode())


def test_a_reader_that_goes_away_is_no_crash() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, "-m", "pipesense", "rules"]
    ran = subprocess.run(command, stdout=writing, stderr=subprocess.PIPE, text=True, env=environment)
    os.close(writing)
    assert (ran.returncode, ran.stderr) == (1, "")
