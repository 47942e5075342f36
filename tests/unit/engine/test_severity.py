"""How bad an error is where its dialect is guessed, and what is said of SQL that is there for one occasion."""

from __future__ import annotations

import pytest

from support.memory import ROOT, workspace

QUERY = "WITH r AS (SELECT id FROM orders) SELECT r.idd FROM r"
DIALECTS = [
    ("nobody says it", QUERY, "warning"),
    ("a comment says it", f"-- pipesense: dialect=mysql\n{QUERY}", "error"),
    ("its own words", f"SELECT SAFE_CAST(a AS STRING) FROM t;\n{QUERY}", "error"),
    ("words of several", f"SELECT a::int FROM t WHERE a ILIKE 'x';\n{QUERY}", "warning"),
    (
        "words of two that leave one",
        f"SELECT a::int FROM t;\nINSERT INTO t SELECT 1 ON CONFLICT DO NOTHING;\n{QUERY}",
        None,
    ),
]


def severities(text: str, path: str = "a.sql") -> list[str]:
    made = workspace({path: text})
    made.index_all()
    found = made.findings(f"{ROOT}/{path}")
    return [each.severity.word for each in found if each.rule == "schema/unknown-column"]


@pytest.mark.parametrize(("text", "severity"), [case[1:] for case in DIALECTS], ids=[case[0] for case in DIALECTS])
def test_an_error_wants_a_dialect_that_is_certain(text: str, severity: str | None) -> None:
    assert severities(text) == [severity or "warning"]


@pytest.mark.parametrize(
    ("path", "severity"),
    [
        ("archive/2021/a.sql", "info"),
        ("sql/adhoc/a.sql", "info"),
        ("_deprecated/a.sql", "info"),
        ("archives/a.sql", "error"),
        ("sql/a.sql", "error"),
    ],
)
def test_sql_for_one_occasion_is_told_quietly(path: str, severity: str) -> None:
    assert severities(f"-- pipesense: dialect=mysql\n{QUERY}", path) == [severity]


@pytest.mark.parametrize(
    "path", ["target/run/shop/models/a.sql", "demo/target_2/compiled/shop/tests/a.sql", "models/whole__complete__.sql"]
)
def test_nothing_is_said_of_what_dbt_wrote(path: str) -> None:
    text = QUERY.replace("WITH r", "WITH __dbt__cte__r").replace("FROM r", "FROM __dbt__cte__r r")
    assert severities(text, path) == []
