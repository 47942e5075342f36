"""No output repeats a secret: no format, no patch, no hover, no fingerprint, no message of another rule."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipesense.cli.main import main
from pipesense.host.rulepacks import load_registry
from support.memory import ROOT, workspace

PASSWORD, KEY = "Wq6-kTs9m", "sk_live_77Kmnopqrstuvwxyzabcdef"
CODE = f'''\
from datetime import datetime

import requests
from sqlalchemy import create_engine
from airflow.sdk import DAG
from airflow.providers.common.sql.operators.sql import SQLExecuteQueryOperator

rows = create_engine("postgresql://loader:{PASSWORD}@warehouse.example.com/core").connect()
KEY = "{KEY}"

with DAG("orders", schedule="@daily", start_date=datetime(2024, 1, 1), catchup=False):
    SQLExecuteQueryOperator(
        task_id="load",
        conn_id="w",
        sql="COPY INTO t FROM 'https://loader:{PASSWORD}@files.example.com/orders'",
    )


def read():
    return requests.get("https://loader:{PASSWORD}@api.example.com", headers={{"api_key": "{KEY}"}}).json()
'''
FORMATS = ("text", "json", "sarif", "github", "gitlab", "junit")


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "orders.py").write_text(CODE, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("form", FORMATS)
def test_no_format_repeats_a_secret(form: str, project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["check", "orders.py", "--format", form, "--level", "hint"])
    out = capsys.readouterr()
    assert "security/secret-literal" in out.out
    assert PASSWORD not in out.out + out.err
    assert KEY not in out.out + out.err


def test_no_patch_repeats_a_secret(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["check", "orders.py", "--diff", "--unsafe-fixes", "--level", "hint"])
    out = capsys.readouterr()
    assert 'environ["KEY"]' in out.out
    assert PASSWORD not in out.out + out.err
    assert KEY not in out.out + out.err


def test_nothing_in_an_editor_repeats_a_secret() -> None:
    made = workspace({"orders.py": CODE}, registry=load_registry())
    made.index_all()
    path = f"{ROOT}/orders.py"
    for finding in made.findings(path):
        shown = (finding.message, finding.what, *(each.text for each in finding.related))
        titles = [offer.title for offer in made.offers(finding)]
        assert not any(PASSWORD in text or KEY in text for text in (*shown, *titles))
    for offset in range(0, len(CODE), 7):
        hover = made.hover(path, offset)
        assert hover is None or (PASSWORD not in hover.markdown and KEY not in hover.markdown)


def test_a_fingerprint_does_not_depend_on_the_secret() -> None:
    def marks(code: str) -> list[str]:
        made = workspace({"orders.py": code}, registry=load_registry())
        made.index_all()
        found = made.findings(f"{ROOT}/orders.py")
        return [each.fingerprint for each in found if each.rule == "security/secret-literal"]

    assert len(marks(CODE)) >= 3
    assert marks(CODE) == marks(CODE.replace(PASSWORD, "Xr8-eJt3m").replace(KEY, KEY[:-1] + "z"))
