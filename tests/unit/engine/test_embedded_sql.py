"""SQL in Python strings: findings stand on the exact characters, whatever spells the string."""

from __future__ import annotations

import pytest

from support.memory import ROOT, workspace

HEADER = """\
import textwrap
from psycopg2 import sql
from sqlalchemy import text
from airflow.sdk import DAG
from airflow.providers.common.sql.operators.sql import SQLExecuteQueryOperator
emoji, day, table = "😀 é", "2024-01-01", "orders"
with DAG("a", schedule=None):
    SQLExecuteQueryOperator(task_id="b", conn_id="c", sql="""

SPELLINGS = {
    "a literal": '"SELECT a FROM t WHERE b = NULL"',
    "three quotes": '"""\n    -- 😀\n    SELECT a\n    FROM t WHERE\n b = NULL\n"""',
    "a field before": "f\"SELECT '{emoji}' FROM t_{day:%Y} WHERE b = NULL AND c = {day!r}\"",
    "doubled braces": 'f"SELECT {{{{ ds }}}} FROM {table + emoji} WHERE b = NULL"',
    "format": '"SELECT {} FROM {table} WHERE b = NULL".format(3, table=table)',
    "percent": '"SELECT %s, \'50%%\' FROM %(t)s WHERE b = NULL" % {"t": table}',
    "side by side": '(\n  "SELECT a "  # why\n  f"FROM {table} "\n  \'WHERE b = NULL\'\n)',
    "a sum": '"SELECT a FROM " + table + " WHERE b = NULL"',
    "dedent": 'textwrap.dedent("""\\\n    SELECT \'\\t\', "\\u00e9", \'\\\\\' FROM t\n    WHERE b = NULL""").strip()',
    "raw": "r\"SELECT '\\d' FROM t WHERE b = NULL\"",
    "a wrapper": 'text("SELECT a FROM t WHERE b = NULL AND c = :day")',
    "psycopg": 'sql.SQL("SELECT a FROM {t} WHERE b = NULL").format(t=sql.Identifier(day))',
    "tags": '"SELECT a FROM {{ params.t }} {% if x %}WHERE b = NULL{% endif %}"',
}


@pytest.mark.parametrize("spelling", SPELLINGS.values(), ids=SPELLINGS.keys())
def test_a_finding_covers_its_characters(spelling: str) -> None:
    source = f"{HEADER}{spelling})\n"
    made = workspace({"dag.py": source})
    made.index_all()

    found = [each for each in made.findings(f"{ROOT}/dag.py") if each.rule == "correctness/equals-null"]

    assert [source[each.span.start : each.span.end] for each in found] == ["b = NULL"]
    assert made.not_analysed(f"{ROOT}/dag.py") == ()


@pytest.mark.parametrize("spelling", SPELLINGS.values(), ids=SPELLINGS.keys())
def test_its_fix_changes_these_characters_alone(spelling: str) -> None:
    source = f"{HEADER}{spelling})\n"
    path = f"{ROOT}/dag.py"
    made = workspace({"dag.py": source})
    made.index_all()

    edits, rules = made.fix_all(path)
    fixed = source
    for edit in sorted(edits, key=lambda edit: edit.span, reverse=True):
        fixed = fixed[: edit.span.start] + edit.text + fixed[edit.span.end :]

    assert fixed == source.replace("b = NULL", "b IS NULL")
    assert rules == ("correctness/equals-null",)


def test_a_comment_in_the_string_names_its_dialect() -> None:
    source = f'{HEADER}"""\n    -- pipesense: dialect=snowflake\n    SELECT a:b.c FROM t\n    """)\n'
    made = workspace({"dag.py": source})
    made.index_all()

    assert made.dialect(f"{ROOT}/dag.py", source.index("SELECT")) == ("snowflake", "directive")
    assert made.not_analysed(f"{ROOT}/dag.py") == ()


def test_a_misspelt_dialect_is_said_and_breaks_nothing() -> None:
    source = "-- pipesense: dialect=snowflaek\nSELECT a FROM t;\n"
    made = workspace({"a.sql": source})
    made.index_all()

    assert [each.why for each in made.not_analysed(f"{ROOT}/a.sql")] == [
        "`snowflaek` is no SQL dialect that is known here (did you mean snowflake?), so this statement was not checked."
    ]
