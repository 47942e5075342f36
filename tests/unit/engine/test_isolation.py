"""A failure costs its own unit: the rule, the system, the statement, the fix; everything else is still there."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from pipesense.engine import catalogue
from pipesense.engine.report import InternalError
from pipesense.host.rulepacks import load_registry
from pipesense.model.sql import Comparison, StatementFacts
from pipesense.rule.context import Context
from pipesense.rule.finding import Finding
from pipesense.rule.meta import Message, RuleMeta, Scope, Severity
from pipesense.rule.registry import Registry
from pipesense.rule.rule import rule
from support.memory import ROOT, workspace

MESSAGES = {"x": Message(Severity.WARNING, "What.", "Why.", "Do.")}


@rule(RuleMeta("correctness/broken", Comparison, MESSAGES, "none", "0.1", scope=Scope.UNIT))
def broken(comparison: Comparison, ctx: Context) -> Iterator[Finding]:
    yield ctx.finding("x", at=comparison.span)
    raise ZeroDivisionError("on purpose")


def with_broken() -> Registry:
    return Registry([*load_registry(), broken], lambda _: None, lambda _: None)


SQL = "SELECT a FROM t WHERE b = NULL;\n"


def test_a_rule_that_raises() -> None:
    errors: list[InternalError] = []
    made = workspace({"a.sql": SQL}, errors, with_broken())
    made.index_all()
    assert [each.rule for each in made.findings(f"{ROOT}/a.sql")] == ["correctness/equals-null"]
    assert [(each.unit, each.path) for each in errors] == [("correctness/broken", f"{ROOT}/a.sql")]
    assert "on purpose" in errors[0].error


def test_a_statement_on_which_the_reader_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    read = catalogue.read_statement

    def failing(text: str, dialect: str, **rest: object) -> StatementFacts:
        if "poison" in text:
            raise UnboundLocalError("on purpose")
        return read(text, dialect, **rest)  # type: ignore[arg-type]

    monkeypatch.setattr(catalogue, "read_statement", failing)
    errors: list[InternalError] = []
    made = workspace({"a.sql": f"SELECT poison;\n{SQL}"}, errors)
    made.index_all()
    assert [each.rule for each in made.findings(f"{ROOT}/a.sql")] == ["correctness/equals-null"]
    assert [each.why for each in made.not_analysed(f"{ROOT}/a.sql")] == ["Reading this statement failed."]
    assert len(errors) == 1


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\n",
        ";;;",
        "SELECT " + "(" * 10_000 + "1" + ")" * 10_000,
        "SELECT * FROM " + "(SELECT * FROM " * 8_000 + "t" + ")" * 8_000,
        "SELECT " + "CASE WHEN a THEN " * 5_000,
        "'" * 9_999,
        "/*" * 5_000,
        "{{" * 5_000,
        "{% if a %}" * 2_000,
        "SELECT a FROM t WHERE " + " OR ".join(f"a = {n}" for n in range(3_000)),
        "\x00\x01\x02",
        "\ufeffSELECT 1;",
    ],
)
def test_hostile_sql_beside_a_good_file(text: str) -> None:
    made = workspace({"bad.sql": text, "good.sql": SQL})
    made.index_all()
    assert [each.rule for each in made.findings(f"{ROOT}/good.sql")] == ["correctness/equals-null"]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "x = " + "(" * 10_000 + "1" + ")" * 10_000,
        "x = " + "[" * 5_000,
        "x = " + "-" * 50_000 + "1",
        "x = " + "+".join(["1"] * 20_000),
        "if a:\n" + "".join(" " * depth + "if a:\n" for depth in range(1, 120)),
        "\x00",
        "def f(:\n",
        '"""',
        "\\",
        "x = '" + "\\N{" * 100,
        "\tif x:\n  y\n",
        "class A:\n" + "    def f(self): pass\n" * 3_000,
    ],
)
def test_hostile_python_beside_a_good_file(text: str) -> None:
    good = "from datetime import datetime\nage = (datetime.now() - datetime(2024, 1, 1)).hours\n"
    made = workspace({"bad.py": "import airflow\n" + text, "good.py": good})
    made.index_all()
    assert [each.rule for each in made.findings(f"{ROOT}/good.py")] == ["correctness/timedelta-attribute"]
