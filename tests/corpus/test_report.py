"""The corpus tool, against a check that answers what the test wants it to answer."""

from __future__ import annotations

import json
import sys
import tarfile
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent))

import pypi_sources
import run as corpus_run
from corpus_model import BadInput, Hit, Run, Unread, Verdict, project_name, read_check, read_verdicts
from corpus_precision import loud_rules, loudness, precision
from corpus_report import Heading, judge, reason, report

HEADING = Heading("run.py --corpus x", "pipesense 0.1", "a machine")


def finding(path: str, line: int, rule: str = "reliability/no-retries", severity: str = "warning") -> dict[str, Any]:
    place = {"start": {"line": line, "column": 1}, "end": {"line": line, "column": 9}}
    return {
        "path": path,
        "rule": rule,
        "severity": severity,
        "message": "two tasks\nare never retried | at all",
        "range": place,
        "fingerprint": f"{path}-{line}",
        "fixes": [],
    }


def gap(path: str, line: int, why: str) -> dict[str, Any]:
    return {
        "path": path,
        "range": {"start": {"line": line, "column": 1}, "end": {"line": line, "column": 2}},
        "why": why,
    }


def sql_file(path: str, statements: int, dialect: str = "", why: str = "generic") -> dict[str, Any]:
    return {"path": path, "statements": statements, "dialect": dialect, "why": why}


def answer(
    *findings: dict[str, Any],
    unread: list[dict[str, Any]] | None = None,
    recognised: list[dict[str, Any]] | None = None,
    sql_files: list[dict[str, Any]] | None = None,
    files: int = 50,
) -> str:
    count = {"files": files, "statements": 40, "errors": 0, "warnings": len(findings), "infos": 0, "hints": 0}
    return json.dumps(
        {
            "version": "0.1",
            "findings": list(findings),
            "not_analysed": unread or [],
            "recognised": recognised or [],
            "sql_files": sql_files or [],
            "summary": {**count, "seconds": 0.25},
        }
    )


def run_of(*findings: dict[str, Any], **more: Any) -> Run:
    return read_check("mozilla/dags", answer(*findings, **more), 1, 1.5, 80.0)


def hit(line: int) -> Hit:
    return run_of(finding("a.py", line)).hits[0]


def test_a_folder_name_is_split_at_its_first_plus() -> None:
    assert project_name("owner+a+b") == "owner/a+b"


def test_a_check_is_read() -> None:
    at = {"start": {"line": 7, "column": 1}, "end": {"line": 9, "column": 1}}
    run = run_of(
        finding("dags/a.py", 12),
        unread=[
            {"path": "q.sql", "range": at, "why": "cannot parse"},
            {"path": "b.sql", "range": None, "why": "binary"},
        ],
    )
    assert (run.files, run.statements, run.check_seconds, run.failed) == (50, 40, 0.25, False)
    assert [(h.path, h.line, h.rule, h.fingerprint) for h in run.hits] == [
        ("dags/a.py", 12, "reliability/no-retries", "dags/a.py-12")
    ]
    assert run.unread == (Unread("q.sql", 7, "cannot parse"), Unread("b.sql", None, "binary"))


@pytest.mark.parametrize(
    ("printed", "code", "trouble"),
    [
        ("", -11, "output is not the agreed JSON"),
        ('{"findings": []}', 0, "KeyError 'summary'"),
        ("[1]", 0, "TypeError"),
        (answer(), 3, "exit 3: rule x raised"),
        (answer(), 2, "exit 2"),
    ],
)
def test_a_broken_check_is_trouble_never_clean(printed: str, code: int, trouble: str) -> None:
    run = read_check("p", printed, code, 1.0, None, "rule x raised\n")
    assert run.failed
    assert trouble in run.trouble
    assert f"- p: {run.trouble}" in report(HEADING, [run], [], ["error"])


@pytest.mark.parametrize("code", [0, 1])
def test_finding_something_is_not_trouble(code: int) -> None:
    assert not read_check("p", answer(), code, 1.0, None, "a note on stderr").failed


def test_a_timed_out_check_fails() -> None:
    assert read_check("p", answer(), None, 600.0, None).failed


def test_a_verdict_is_found_again_by_line_or_by_fingerprint() -> None:
    by_line = Verdict("mozilla/dags", "reliability/no-retries", "a.py", "right", line=3)
    moved = Verdict("mozilla/dags", "reliability/no-retries", "a.py", "wrong", line=99, fingerprint="a.py-4")
    lost = Verdict("mozilla/dags", "reliability/no-retries", "a.py", "right", line=5)
    elsewhere = Verdict("other/project", "reliability/no-retries", "a.py", "right", line=3)
    judged, gone = judge([run_of(finding("a.py", 3), finding("a.py", 4))], [by_line, moved, lost, elsewhere])
    assert judged == {hit(3): by_line, hit(4): moved}
    assert gone == (lost,)


def test_the_report_states_counts_rates_and_precision() -> None:
    run = run_of(*(finding("a.py", n) for n in (1, 2, 3, 4, 5)), finding("b.sql", 1, "correctness/equals-null", "hint"))
    said = [("right", 1), ("right", 2), ("wrong", 3), ("arguable", 4)]
    verdicts = [Verdict("mozilla/dags", "reliability/no-retries", "a.py", j, line=n, note="read") for j, n in said]
    page = report(HEADING, [run], verdicts, ["error", "warning"])
    assert "| mozilla/dags | 50 | 40 | 0 | 5 | 0 | 1 | 1.5 | 0.2 | 80.0 | 0 (0.0 %) | 1 |" in page
    assert "| reliability/no-retries | 5 warning | 5 | 1 | 10.0 | 2 | 1 | 1 | 1 | 67 % |" in page
    assert "| correctness/equals-null | 1 hint | 1 | 1 | 2.0 | 0 | 0 | 0 | 1 | – |" in page
    assert "| mozilla/dags | reliability/no-retries | warning | 5 | 10.0 |" in page
    appendix = page.partition("## Appendix")[2]
    assert (
        "- a.py:3 warning `reliability/no-retries` two tasks are never retried | at all · **wrong – read**" in appendix
    )
    assert "- a.py:5 warning" in appendix and "**unread**" in appendix
    assert "b.sql" not in appendix
    assert "## Internal errors\n\nNone." in page


def test_reasons_group_without_their_quotes_and_numbers() -> None:
    assert reason("cannot parse `SELECT 1` near line 12") == reason("cannot parse `DROP` near line 3")
    at = {"start": {"line": 7, "column": 1}, "end": {"line": 9, "column": 1}}
    unread = [{"path": f"{n}.sql", "range": at, "why": f"too deep: {n} levels"} for n in (400, 500)]
    page = report(HEADING, [run_of(unread=[*unread, {"path": "x.py", "range": None, "why": "binary"}])], [], [])
    assert "| too deep: N levels | mozilla/dags | 400.sql:7 | 2 |" in page
    assert "| 2 (5.0 %) + 1 files |" in page


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ('[[verdict]]\nproject="p"\nrule="r"\npath="a"\nis="maybe"\nline=1', "verdict 1: is = 'maybe'"),
        ('[[verdict]]\nproject="p"\nrule="r"\npath="a"\nis="right"', "give line or fingerprint"),
        ('[[verdict]]\nproject="p"\npath="a"\nis="right"\nline=1', "rule missing"),
        ('[[verdict]]\nproject="p"\nrule="r"\npath="a"\nis="right"\nline=1\nnotes="x"', "unknown key notes"),
        ("[[verdict", "verdicts.toml"),
    ],
)
def test_a_verdict_file_that_is_wrong_says_where(tmp_path: Path, text: str, why: str) -> None:
    file = tmp_path / "verdicts.toml"
    file.write_text(text)
    with pytest.raises(BadInput, match=why):
        read_verdicts(file)


def test_the_projects_own_verdicts_are_well_formed() -> None:
    read_verdicts(Path(__file__).with_name("verdicts"))


def test_statements_of_sql_files_are_counted_apart() -> None:
    text = answer(
        unread=[gap("a.sql", 3, "Unexpected `x`."), gap("dags/a.py", 1, "it is broken")],
        recognised=[gap("a.sql", 1, "CALL is recognised."), gap("dags/b.py", 1, "CALL is recognised.")],
        sql_files=[sql_file("a.sql", 150, "duckdb", "directive"), sql_file("b.sql", 50)],
    )
    page = report(Heading("c", "v", "m"), [read_check("shop/dags", text, 0, 1.0, 8.0)], [], ())
    assert "| shop/dags | 200 | 198 | 1 | 0 | 1 | 99.5 % | 99.0 % | 99.0 % |" in page
    assert "| shop/dags | duckdb | directive | a.sql | 1 |" in page
    assert "| shop/dags | generic | generic | b.sql | 1 |" in page


def test_files_that_hold_no_statements_are_left_out_and_said() -> None:
    text = answer(
        unread=[gap("tests/format_sql/words.sql", 3, "`ASC` starts no statement.")],
        sql_files=[sql_file("sql/a.sql", 9), sql_file("tests/format_sql/words.sql", 3)],
    )
    page = report(Heading("c", "v", "m"), [read_check("mozilla/bigquery-etl", text, 0, 1.0, 8.0)], [], ())
    assert "| mozilla/bigquery-etl | 9 | 9 | 0 | 0 | 0 | 100.0 % | 100.0 % | 100.0 % |" in page
    assert "| mozilla/bigquery-etl with files left out | 12 | 11 | 0 | 0 | 1 | 91.6 % | 91.6 % | 91.6 % |" in page
    assert "Left out: mozilla/bigquery-etl tests/format_sql/" in page


FAKE = """
import json, os, sys, time
if "--version" in sys.argv:
    print("pipesense fake")
elif os.path.exists("hang"):
    time.sleep(60)
elif os.path.exists("crash"):
    print("something raised", file=sys.stderr); sys.exit(3)
else:
    print(open("answer.json").read()); sys.exit(1)
"""


@pytest.fixture
def corpus(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two checkouts and a stand-in for the command line that answers with the folder's answer.json."""
    module = tmp_path / "fake" / "pipesense"
    module.mkdir(parents=True)
    (module / "__init__.py").touch()
    (module / "__main__.py").write_text(FAKE)
    monkeypatch.setenv("PYTHONPATH", str(module.parent))
    checkouts = tmp_path / "corpus"
    for name in ("mozilla+dags", "other+broken", "not-a-checkout"):
        (checkouts / name).mkdir(parents=True)
    (checkouts / "mozilla+dags" / "answer.json").write_text(answer(finding("a.py", 1)))
    (checkouts / "other+broken" / "crash").touch()
    return checkouts


def test_the_tool_runs_the_check_in_each_checkout(corpus: Path, tmp_path: Path) -> None:
    out, data = tmp_path / "report.md", tmp_path / "runs.json"
    command = ["--corpus", str(corpus), "--no-pypi", "--out", str(out), "--json", str(data)]
    assert corpus_run.main(command) == 1
    page = out.read_text()
    assert "pipesense fake" in page
    assert "- other/broken: output is not the agreed JSON" in page and "something raised" in page
    runs = json.loads(data.read_text())
    assert [(r["project"], r["exit"], len(r["hits"])) for r in runs] == [
        ("mozilla/dags", 1, 1),
        ("other/broken", 3, 0),
    ]
    assert all(r["wall_seconds"] > 0 for r in runs)
    assert sys.platform == "win32" or all(r["peak_mb"] > 1 for r in runs)
    assert corpus_run.main([*command, "--only", "mozilla*"]) == 0


def test_a_check_that_does_not_end_is_stopped(corpus: Path) -> None:
    (corpus / "other+broken" / "hang").touch()
    run = corpus_run.check("other/broken", corpus / "other+broken", sys.executable, 0.3)
    assert run.exit is None
    assert run.failed


def test_an_unreachable_source_is_skipped_loudly(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def refuse(source: pypi_sources.PyPISource, _cache: Path) -> Path:
        raise pypi_sources.Unreachable(f"{source.folder}: no network")

    monkeypatch.setattr(corpus_run, "fetch", refuse)
    assert corpus_run.main(["--only", "sqlglot", "--out", str(tmp_path / "r.md")]) == 0
    assert "SKIPPED pypi+sqlglot-27.0.0: no network" in capsys.readouterr().err


def test_only_the_wanted_folders_of_an_archive_are_unpacked(tmp_path: Path) -> None:
    archive = tmp_path / "thing-1.0.tar.gz"
    with tarfile.open(archive, "w:gz") as tar:
        for name in (
            "thing-1.0/tests/system/a.py",
            "thing-1.0/src/b.py",
            "thing-1.0/tests/system/../../../c.py",
        ):
            member = tarfile.TarInfo(name)
            member.size = 1
            tar.addfile(member, BytesIO(b"x"))
    assert pypi_sources._unpack(archive, tmp_path / "out", ("tests/system/",)) == 1
    assert [p.name for p in (tmp_path / "out").rglob("*.py")] == ["a.py"]


def loud(path: str, line: int, rule: str, severity: str = "warning") -> Hit:
    return Hit("a/b", rule, severity, path, line, "said", f"{path}-{line}")


def test_precision_counts_what_was_read_and_names_what_was_not() -> None:
    hits = (loud("x.py", 1, "one/rule"), loud("x.py", 2, "one/rule"), loud("y.py", 1, "other/rule", "error"))
    quiet = Hit("a/b", "third/rule", "hint", "x.py", 3, "said", "x")
    runs = [Run("a/b", 1, 0.1, None, files=10, hits=(*hits, quiet))]
    judged = {
        hits[0]: Verdict("a/b", "one/rule", "x.py", "right"),
        hits[1]: Verdict("a/b", "one/rule", "x.py", "arguable"),
    }

    said = precision(runs, judged, frozenset({"one/rule", "other/rule", "never/said"}))

    assert "| one/rule | 2 | 2 | 1 | 0 | 1 | 50.0 % |" in said
    assert "| other/rule | 1 | 0 | 0 | 0 | 0 | – |" in said
    assert "| all | 3 | 2 | 1 | 0 | 1 | 50.0 % |" in said
    assert "At least 95 % of those read are right: no." in said
    assert "Errors or warnings, and none of them read: other/rule." in said
    assert "Silent on these projects as errors and warnings: never/said." in said


def test_the_rules_that_may_be_loud_are_read_from_their_files() -> None:
    found = loud_rules(Path(__file__).resolve().parents[2] / "rules" / "pipesense_rules")

    assert "correctness/equals-null" in found
    assert "performance/function-on-key" not in found


def test_loudness_is_told_for_well_kept_projects() -> None:
    hits = tuple(loud("x.sql", line, "one/rule") for line in range(4))
    runs = [Run(name, 1, 0.1, None, files=10, hits=hits) for name in ("dbt-labs/jaffle-shop", "some/body")]

    assert loudness(runs)[2:] == ["| dbt-labs/jaffle-shop | 10 | 4 | 0.400 | **no** |"]
