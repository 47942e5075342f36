"""At rest, what was found edit by edit is what a fresh workspace finds.

Random edit scripts type, delete, paste and break code in a small project of a DAG and its SQL; after each
script the incremental workspace must agree with one that reads the final texts for the first time.
"""

from __future__ import annotations

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipesense.host.rulepacks import load_registry
from pipesense.text.encoding import PositionEncoding
from support.memory import ROOT, everything, settle, workspace

DAG = """\
from datetime import datetime, timedelta

from airflow.sdk import DAG
from airflow.providers.common.sql.operators.sql import SQLExecuteQueryOperator

default_args = {"owner": "data"}

with DAG("orders", schedule="@daily", start_date=datetime(2024, 1, 1), catchup=True, default_args=default_args) as dag:
    load = SQLExecuteQueryOperator(task_id="load", conn_id="warehouse", sql="sql/load.sql", retries=2)
    clean = SQLExecuteQueryOperator(
        task_id="clean",
        conn_id="warehouse",
        sql="DELETE FROM staging.orders",
    )
    clean >> load


def staleness(latest):
    return (datetime.now() - latest).hours
"""
LOAD = """\
-- daily load
INSERT INTO mart.orders (id, amount)
SELECT id, amount FROM raw.orders WHERE day = '{{ ds }}' AND cancelled = NULL;

DELETE FROM mart.audit;
"""
DDL = "CREATE TABLE mart.orders (id BIGINT PRIMARY KEY, amount DECIMAL(10, 2) NOT NULL);\n"
FILES = {"dags/orders.py": DAG, "dags/sql/load.sql": LOAD, "sql/ddl.sql": DDL}
REGISTRY = load_registry()

SNIPPETS = [
    "x", " ", "\n", "'", '"', '"""', "(", ")", "#", "--", ";", "= NULL", "retries=0, ", '"retries": 3, ',
    "DELETE FROM t;\n", "def f():\n    pass\n", "# pipesense: ignore[reliability/no-retries]\n",
    "    ", "{{", "}}", "/*", "*/", "$$", "with DAG('b') as b:\n    pass\n", "é", "🚰", "\r\n",
]  # fmt: skip

edits = st.tuples(
    st.sampled_from(sorted(FILES)),
    st.floats(0, 1),
    st.sampled_from([0, 0, 0, 1, 3, 20]),
    st.sampled_from(SNIPPETS),
)


def whole_character(text: str, offset: int) -> int:
    """An offset that an editor can name: none lies between the two characters of a line break."""
    return offset + 1 if text[offset - 1 : offset + 1] == "\r\n" else offset


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.tuples(edits, st.booleans()), min_size=1, max_size=8))
def test_incremental_equals_cold(script: list[tuple[tuple[str, float, int, str], bool]]) -> None:
    made = workspace(FILES, registry=REGISTRY)
    settle(made)
    for path, text in FILES.items():
        made.open(f"{ROOT}/{path}", text)
    texts = dict(FILES)
    for (name, where, delete, insert), look in script:
        text = texts[name]
        start = whole_character(text, int(where * len(text)))
        end = whole_character(text, min(len(text), start + delete))
        buffer = made.text(f"{ROOT}/{name}")
        assert buffer is not None
        made.change(
            f"{ROOT}/{name}",
            buffer.lines.position(start),
            buffer.lines.position(end),
            insert,
            PositionEncoding.UTF32,
        )
        texts[name] = text[:start] + insert + text[end:]
        assert buffer.text == texts[name]
        if look:
            made.analyse(f"{ROOT}/{name}")
    settle(made)
    cold = workspace(texts, registry=REGISTRY)
    settle(cold)
    assert everything(made) == everything(cold)


def test_a_string_that_nobody_runs_any_more_says_nothing() -> None:
    text = (
        "from airflow import DAG\n"
        "from airflow.providers.common.sql.operators.sql import SQLExecuteQueryOperator\n\n"
        'CLEAN = "SELECT * FROM t WHERE a = NULL"\n\n'
        'with DAG("d", schedule=None):\n'
        '    SQLExecuteQueryOperator(task_id="clean", conn_id="w", sql=CLEAN)\n'
    )
    path = f"{ROOT}/dags/d.py"
    made = workspace({"dags/d.py": text}, registry=REGISTRY)
    made.open(path, text)
    settle(made)
    assert "correctness/equals-null" in [each.rule for each in made.findings(path)]
    at = text.index("sql=CLEAN")
    place = made.text(path).lines.position
    made.change(path, place(at), place(at + len("sql=CLEAN")), 'sql="SELECT 1"', PositionEncoding.UTF32)
    settle(made)
    assert "correctness/equals-null" not in [each.rule for each in made.findings(path)]
