"""Whatever was lifted before, a file gives what it gives when it is read for the first time.

Findings compare little of what is lifted, so here the whole model is compared, with every place in it.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from pipesense.model.where import Loc
from pipesense.systems.system import Lifted
from systems.airflow.test_airflow_incremental import Editor

HEAD = """\
from datetime import datetime, timedelta
from airflow import DAG
from airflow.decorators import dag, task, task_group
from airflow.operators.bash import BashOperator
from airflow.operators.python import PythonOperator
from airflow.providers.postgres.operators.postgres import PostgresOperator

SQL = "DELETE FROM staging.orders"
COMMON = {"pool": "etl", "retries": 2}
TABLES = ["orders", "lines"]


def fetch(ds, **context):
    print(context["execution_date"])


"""
BLOCK = """\
defaults = {{"owner": "data", "retries": {n}}}

with DAG("load_{n}", schedule="@daily", default_args=defaults, start_date=datetime(2024, 1, 1)) as dag:
    start = BashOperator(task_id="start", bash_command="echo {{{{ execution_date }}}}")

    get = PythonOperator(
        task_id="get",
        python_callable=fetch,
        provide_context=True,
        execution_timeout=timedelta(hours=2),
    )
    with_common = BashOperator(task_id="common", bash_command="run.sh ", **COMMON)

    load = PostgresOperator(
        task_id="load",
        sql=SQL,
        postgres_conn_id="warehouse",
        retries=3,
        trigger_rule="all_done",
    )
    rest = [
        BashOperator(
            task_id=f"rest_{{table}}",
            bash_command="rest.sh ",
        )
        for table in TABLES
    ]

    @task(retries=1)
    def count(rows):
        return len(rows)

    counted = count(get.output)
    for table in TABLES:
        each = BashOperator(task_id=f"each_{{table}}", bash_command="each.sh ")
        load >> each
    start >> get >> with_common >> load
    load >> rest
    load.doc_md = "text"


"""
FACTORY = """\
@dag(schedule="@daily", start_date=datetime(2024, 1, 1))
def daily():
    @task
    def first():
        return 1

    @task(retries=5)
    def second(value):
        return value

    @task_group
    def extract(source, tries=2, **extra):
        pull = BashOperator(task_id="pull", bash_command=source, retries=tries)
        keep = PostgresOperator(task_id="keep", sql=f"DELETE FROM {source}", **extra)

        @task_group(group_id="inner")
        def again(limit):
            BashOperator(task_id="again", bash_command="again.sh ", retries=limit, pool=source)

        pull >> keep
        again(tries)

    second(first())
    extract("orders", pool="a", retries=6)
    extract.override(group_id="two")(source=SQL, tries=4)
    for name in TABLES:
        extract.override(group_id=name)(name)


daily()
"""
TEXT = HEAD + BLOCK.format(n=1) + BLOCK.format(n=2) + FACTORY
LINES = TEXT.splitlines(keepends=True)

places = st.integers(0, len(LINES) + 20)
edits = st.one_of(
    st.tuples(
        st.just("type"), places, st.integers(0, 60), st.sampled_from(["x", " ", '"', "(", ")", "#", "\n", ".", "="])
    ),
    st.tuples(st.just("erase"), places, st.integers(0, 60), st.just("")),
    st.tuples(st.just("drop"), places, st.just(0), st.just("")),
    st.tuples(st.just("copy"), places, places, st.just("")),
    st.tuples(st.just("swap"), places, places, st.just("")),
    st.tuples(st.just("back"), st.just(0), st.just(0), st.just("")),
)


def edited(text: str, edit: tuple[str, int, int, str]) -> str:
    kind, first, second, typed = edit
    lines = text.splitlines(keepends=True) or [""]
    at = first % len(lines)
    column = second % (len(lines[at]) or 1)
    match kind:
        case "type":
            lines[at] = lines[at][:column] + typed + lines[at][column:]
        case "erase":
            lines[at] = lines[at][:column] + lines[at][column + 1 :]
        case "drop":
            del lines[at]
        case "copy":
            lines.insert(at, lines[second % len(lines)])
        case "swap":
            other = second % len(lines)
            lines[at], lines[other] = lines[other], lines[at]
        case "back":
            return TEXT
    return "".join(lines)


def placed(value: object, order: Mapping[int, int]) -> object:
    """A value in which each place names its unit by the unit's place in the file."""
    if isinstance(value, Loc):
        return (value.file, order.get(value.unit), value.span)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return (type(value).__name__, *(placed(getattr(value, each.name), order) for each in dataclasses.fields(value)))
    if isinstance(value, tuple | list):
        return tuple(placed(each, order) for each in value)
    return value


def lifted(editor: Editor, text: str) -> object:
    found: Lifted = editor.lift(text)
    return placed(found, {unit.unit: at for at, unit in enumerate(editor.linked)})


@example([("swap", 0, 97, "")])  # what is imported behind its use does not stand for anything there
@example([("drop", 98, 0, ""), ("drop", 98, 0, "")])  # what stood in a function stands in the block above it
@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(edits, min_size=1, max_size=6))
def test_what_is_lifted_does_not_depend_on_what_was_lifted_before(script: list[tuple[str, int, int, str]]) -> None:
    editor = Editor()
    editor.lift(TEXT)
    text = TEXT
    for edit in script:
        text = edited(text, edit)
        assert lifted(editor, text) == lifted(Editor(), text)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("    start >> get", '    extra = BashOperator(task_id="extra", bash_command="x")\n    start >> get'),
        ('with DAG("load_1"', 'with DAG("load_1" +'),
        ("def fetch(ds, **context)", "def fetch(execution_date, **context)"),
        ('"retries": 2}', '"retries": 9}'),
        ("DELETE FROM staging.orders", "DELETE FROM staging.lines WHERE 1 = 1"),
        ('"orders", "lines"', '"orders"'),
        ("    load >> rest\n", ""),
        ("retries=3", "retries=33"),
        ("tries=4", "tries=44"),
        ("tries=2", "tries=22"),
        ("retries=6", "retries=66"),
        ('extract("orders"', 'extract("lines"'),
        ("**extra):", "**others):"),
        ("    for name in TABLES:\n", "    for name in [SQL]:\n"),
        ("again(tries)", "again(7)"),
    ],
)
def test_an_edit_and_its_opposite_are_seen(old: str, new: str) -> None:
    editor = Editor()
    before = lifted(editor, TEXT)
    assert old in TEXT
    for text in (TEXT.replace(old, new, 1), TEXT, TEXT.replace(old, new), TEXT):
        assert lifted(editor, text) == lifted(Editor(), text)
    assert lifted(editor, TEXT) == before


def test_statements_that_change_places_are_seen() -> None:
    first, second = 'NAME = "a"\n', 'NAME = "b"\n'
    rest = 'with DAG(NAME, schedule="@daily") as dag:\n    BashOperator(task_id=NAME, bash_command="x")\n'
    head = "from airflow import DAG\nfrom airflow.operators.bash import BashOperator\n"
    editor = Editor()
    for text, name in ((head + first + second + rest, "b"), (head + second + first + rest, "a")):
        (pipeline,) = editor.lift(text).pipelines
        assert (pipeline.name, pipeline.tasks[0].name) == (name, name)
