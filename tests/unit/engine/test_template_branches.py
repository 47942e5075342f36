"""Findings in every branch of a template, none twice, and none of what two renderings only show together."""

from __future__ import annotations

import pytest

from support.memory import ROOT, workspace

CASES = [
    ("in both", "SELECT a FROM t WHERE {% if x %}b = NULL{% else %}c = NULL{% endif %}", ["b = NULL", "c = NULL"]),
    ("once", "SELECT a FROM t WHERE d = NULL AND {% if x %}b = 1{% else %}c = 2{% endif %}", ["d = NULL"]),
    (
        "only in the full refresh",
        "SELECT 1 WHERE {% if is_incremental() %}a{% else %}b = NULL{% endif %}",
        ["b = NULL"],
    ),
    (
        "a first branch that does not parse",
        "SELECT a FROM t {% if x %}){% else %}WHERE b = NULL{% endif %}",
        ["b = NULL"],
    ),
    (
        "a second branch that does not parse",
        "SELECT a FROM t WHERE b = NULL {% if x %}{% else %}){% endif %}",
        ["b = NULL"],
    ),
    ("in a loop", "SELECT {% for c in cs %}a = NULL{{ ',' if not loop.last }}{% endfor %} FROM t", ["a = NULL"]),
    (
        "silenced in a template comment",
        "{# pipesense: ignore[correctness/equals-null] no NULL there #}\nSELECT a FROM t WHERE b = NULL",
        [],
    ),
    (
        "silenced in SQL",
        "SELECT a FROM {{ t }}\n-- pipesense: ignore[correctness/equals-null] as well\nWHERE b = NULL",
        [],
    ),
]
SPELLINGS = {"plain": "{}", "emoji": "-- 😀é\n{}", "windows": "\r\n-- a\r\n{}\r\n", "mark": "\ufeff{}"}


@pytest.mark.parametrize("spelling", SPELLINGS.values(), ids=SPELLINGS.keys())
@pytest.mark.parametrize(("text", "shown"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_findings_in_branches(text: str, shown: list[str], spelling: str) -> None:
    text = spelling.replace("{}", text)
    made = workspace({"a.sql": text})
    made.index_all()

    found = made.findings(f"{ROOT}/a.sql")

    assert [each.span.of(text) for each in found if each.rule == "correctness/equals-null"] == shown
    assert made.not_analysed(f"{ROOT}/a.sql") == ()


def test_a_condition_in_one_branch_is_not_missing_in_another() -> None:
    text = "DELETE FROM mart.orders {% if is_incremental() %}WHERE a = 1{% else %}WHERE b = 2{% endif %}"
    made = workspace({"a.sql": text, "b.sql": text.replace("WHERE b = 2", "")})
    made.index_all()

    assert [each.rule for path in ("a.sql", "b.sql") for each in made.findings(f"{ROOT}/{path}")] == []
