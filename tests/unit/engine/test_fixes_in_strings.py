"""A fix inside SQL that stands in a Python string: written where the text means itself, refused elsewhere."""

from __future__ import annotations

import pytest

from pipesense.host.rulepacks import load_registry
from pipesense.text.edit import apply_edits
from support.memory import ROOT, workspace

REGISTRY = load_registry()
HEAD = (
    "from airflow.sdk import DAG\n"
    "from airflow.providers.common.sql.operators.sql import SQLExecuteQueryOperator\n"
    "table = load()\n"
    "with DAG('d', schedule='@daily', default_args={'retries': 2}):\n"
    "    SQLExecuteQueryOperator(task_id='t', conn_id='w', sql="
)


@pytest.mark.parametrize(
    ("literal", "fixed"),
    [
        ('"DELETE FROM t WHERE a = NULL"', '"DELETE FROM t WHERE a IS NULL"'),
        ("'DELETE FROM t WHERE a = NULL'", "'DELETE FROM t WHERE a IS NULL'"),
        ('"DELETE FROM t " "WHERE a = NULL"', '"DELETE FROM t " "WHERE a IS NULL"'),
        ('"""\n    DELETE FROM t\n    WHERE a = NULL"""', '"""\n    DELETE FROM t\n    WHERE a IS NULL"""'),
        ('f"DELETE FROM {table} WHERE a = NULL"', 'f"DELETE FROM {table} WHERE a IS NULL"'),
        ('r"DELETE FROM t WHERE a = NULL"', 'r"DELETE FROM t WHERE a IS NULL"'),
        ('"DELETE FROM %s WHERE a = NULL" % table', '"DELETE FROM %s WHERE a IS NULL" % table'),
        ("\"DELETE FROM t WHERE d = '{{ ds }}' AND a = NULL\"", "\"DELETE FROM t WHERE d = '{{ ds }}' AND a IS NULL\""),
        ('"DELETE FROM t\\nWHERE a = NULL"', '"DELETE FROM t\\nWHERE a IS NULL"'),
        ('"DELETE FROM t WHERE a " "= NULL"', '"DELETE FROM t WHERE a " "IS NULL"'),
        ('"DELETE FROM t WHERE a =" " NULL"', '"DELETE FROM t WHERE a IS" " NULL"'),
    ],
)
def test_the_operator_is_replaced_where_it_stands(literal: str, fixed: str) -> None:
    text = f"{HEAD}{literal})\n"
    made = workspace({"d.py": text}, registry=REGISTRY)
    made.index_all()
    path = f"{ROOT}/d.py"
    assert [each.rule for each in made.findings(path) if each.severity.word == "error"] == ["correctness/equals-null"]
    edits, rules = made.fix_all(path)
    assert rules == ("correctness/equals-null",)
    assert apply_edits(text, edits) == f"{HEAD}{fixed})\n"
