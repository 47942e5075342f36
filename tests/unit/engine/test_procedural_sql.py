"""Statements inside blocks and procedures are judged where they stand."""

from __future__ import annotations

from pipesense.text.encoding import PositionEncoding
from support.memory import ROOT, settle, workspace

BLOCK = """\
DECLARE n INT64 DEFAULT 0;
IF n = 0 THEN
  -- 😀
  UPDATE mart.orders SET a = 1 WHERE b = NULL;
END IF;
SELECT 1;
"""
PROCEDURE = """\
CREATE PROCEDURE mart.refresh(day DATE)
BEGIN
  DELETE FROM mart.orders WHERE day_of = NULL;
  INSERT INTO mart.orders SELECT a FROM raw.orders;
END;
"""


def found(text: str, rule: str = "correctness/equals-null") -> list[str]:
    made = workspace({"a.sql": text, "pipesense.toml": 'dialect = {"**" = "bigquery"}\n'})
    made.index_all()
    assert [each.why for each in made.not_analysed(f"{ROOT}/a.sql") if not each.recognised] == []
    return [each.span.of(text) for each in made.findings(f"{ROOT}/a.sql") if each.rule == rule]


def test_a_finding_inside_a_block_covers_its_characters() -> None:
    assert found(BLOCK) == ["b = NULL"]


def test_a_finding_inside_a_procedure_covers_its_characters() -> None:
    assert found(PROCEDURE) == ["day_of = NULL"]


def test_its_fix_changes_these_characters_alone() -> None:
    made = workspace({"a.sql": BLOCK, "pipesense.toml": 'dialect = {"**" = "bigquery"}\n'})
    made.index_all()

    edits, _ = made.fix_all(f"{ROOT}/a.sql")

    assert [(edit.span.of(BLOCK), edit.text) for edit in edits] == [("=", "IS")]


def test_a_comment_inside_a_block_silences_its_statement() -> None:
    assert found(BLOCK.replace("-- 😀", "-- pipesense: ignore[correctness/equals-null] the table has no NULL")) == []


def test_inside_a_block_nothing_is_known_to_be_missing_before_an_insert() -> None:
    text = "BEGIN\n  CALL mart.clear_day();\n  INSERT INTO mart.orders SELECT a FROM raw.orders;\nEND;\n"
    assert found(text, "idempotency/append-on-rerun") == []


def test_typing_inside_a_block_moves_its_findings() -> None:
    made = workspace({"a.sql": BLOCK, "pipesense.toml": 'dialect = {"**" = "bigquery"}\n'})
    path = f"{ROOT}/a.sql"
    made.open(path, BLOCK)
    made.change(path, (3, 2), (3, 2), "/* é */ ", PositionEncoding.UTF16)
    settle(made)
    changed = BLOCK.replace("  UPDATE", "  /* é */ UPDATE")

    assert [each.span.of(changed) for each in made.findings(path) if each.rule == "correctness/equals-null"] == [
        "b = NULL"
    ]


def test_a_finding_inside_a_macro_covers_its_characters() -> None:
    text = (
        "{% macro open_orders(t) %}\n"
        "  {# 😀 #}\n"
        "  select id from {{ t }} where closed_at = null\n"
        "{% endmacro %}\n"
        "{% macro is_open(c) %} {{ c }} = null {% endmacro %}\n"
    )
    assert found(text) == ["closed_at = null"]


def of_columns(script: str) -> list[str]:
    """What is said of unknown columns beside a CREATE TABLE, by its severity."""
    settings = 'dialect = {"**" = "tsql"}\n'
    table = "CREATE TABLE mwh.load_log (id INT NOT NULL, started DATETIME NULL);\n"
    made = workspace({"log.sql": table, "report.sql": script, "pipesense.toml": settings})
    made.index_all()
    findings = made.findings(f"{ROOT}/report.sql")
    return [each.severity.name for each in findings if each.rule == "schema/unknown-column"]


def test_a_procedure_of_sql_server_goes_on_behind_its_semicolons() -> None:
    query = "SELECT l.id, l.mistake FROM mwh.load_log AS l;\n"

    assert of_columns(query) == ["WARNING"]
    assert of_columns(f"CREATE PROCEDURE mwh.report (@day DATE)\nAS\nDECLARE @rows INT;\n{query}GO\n") == ["INFO"]
