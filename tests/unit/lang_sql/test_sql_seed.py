"""Whole scripts as people write them: every statement is read, in the generic dialect."""

from __future__ import annotations

from pipesense.lang.sql.accesses import accesses
from pipesense.lang.sql.earlier import Earlier
from pipesense.lang.sql.facts import read_statement
from pipesense.lang.sql.split import split
from pipesense.model.sql import StatementFacts
from pipesense.model.where import Loc
from pipesense.text.span import Span

SCRIPT = """\
-- Dimensional model
CREATE TABLE IF NOT EXISTS mart.sales (
    id BIGINT PRIMARY KEY,
    date_key INT FOREIGN KEY REFERENCES dim_date(date_key),
    amount DECIMAL(12,2)
);

BEGIN;
DELETE FROM mart.sales WHERE dt = '{{ ds }}';
INSERT INTO mart.sales (id, date_key, amount)
SELECT s.id, d.date_key, s.amount
FROM {{ params.schema }}.stage_sales s
JOIN dim_date d ON d.day = s.day
WHERE s.dt = '{{ ds }}' AND s.deleted_at = NULL;
COMMIT;

SELECT column_name, COUNT(column_name) * 100.0 / COUNT(*) AS pct
FROM information_schema.columns
WHERE table_name = 'sales'
GROUP BY column_name
HAVING COUNT(*) >= 0;
"""


def test_a_load_script_is_read_whole() -> None:
    texts = [SCRIPT[cut.start : cut.end] for cut in split(SCRIPT)]
    facts = [read_statement(text, "") for text in texts]

    assert [one.error for one in facts if one.error] == []
    assert [one.kind for one in facts] == ["create", "begin", "delete", "insert", "commit", "select"]
    create, _, delete, insert, _, check = facts
    assert create.table is not None
    assert create.table.columns[1].inline_foreign_key is not None
    assert create.table.columns[1].inline_foreign_key.of(texts[0]) == "FOREIGN KEY"
    assert delete.write is not None
    assert [span.of(texts[2]) for span in delete.write.run_date] == ["{{ ds }}"]
    assert [(one.op, one.right[0].op) for one in insert.comparisons] == [
        ("eq", "column"),
        ("eq", "literal"),
        ("eq", "null"),
    ]
    assert check.blocks[0].sources[0].parts == ("information_schema", "columns")
    assert load_guard(texts, facts) == "DELETE of the same table before it"


def load_guard(texts: list[str], facts: list[StatementFacts]) -> str:
    loc = Loc("/load.sql", 3, Span(0, len(texts[3])))
    earlier = Earlier()
    for before in facts[:3]:
        earlier.add(before)
    load = accesses(facts[3], loc, earlier.around(facts[3]))[-1]
    return getattr(getattr(load.guard, "value", None), "how", "")
