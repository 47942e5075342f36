"""What the statements of one script know of each other."""

from __future__ import annotations

import pytest

from support.memory import ROOT, workspace

INSERT = "INSERT INTO orders (a) SELECT a FROM raw WHERE day = '{{ ds }}';\n"


@pytest.mark.parametrize(
    ("before", "found"),
    [
        ("", ["idempotency/append-on-rerun"]),
        ("SELECT 1;\n", ["idempotency/append-on-rerun"]),
        ("DELETE FROM orders WHERE day = '{{ ds }}';\n", []),
        ("DELET FROM orders WHERE day = '{{ ds }}';\n", []),
    ],
    ids=["alone", "behind another", "behind a DELETE", "behind what cannot be read"],
)
def test_an_insert_is_judged_by_what_runs_before_it(before: str, found: list[str]) -> None:
    made = workspace({"load.sql": before + INSERT})
    made.index_all()

    assert [each.rule for each in made.findings(f"{ROOT}/load.sql")] == found


def test_statements_of_a_macro_are_none_of_the_file() -> None:
    macro = "{% macro clean() %}\nDELETE FROM a;\nDELETE FROM b;\n{% endmacro %}\n"
    made = workspace({"a.sql": macro + "DELETE FROM c;\n"})
    made.index_all()
    text = made.text(f"{ROOT}/a.sql")

    assert text is not None
    assert [each.span.of(text.text) for each in made.findings(f"{ROOT}/a.sql")] == ["DELETE FROM c"]
