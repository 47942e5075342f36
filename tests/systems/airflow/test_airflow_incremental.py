"""A key typed in one DAG reads that DAG again and leaves the others as they are."""

from __future__ import annotations

import ast
from dataclasses import replace

import pytest

from pipesense.lang.python.module import LinkMemo, Module
from pipesense.lang.python.one_link import OneLink
from pipesense.lang.python.split import split
from pipesense.lang.python.sql_calls import SqlText, numbered
from pipesense.lang.python.syntax import ParsedUnit, parse_unit
from pipesense.model.flow import retries_of
from pipesense.model.value import Unknown, Version, effective
from pipesense.systems.airflow.lift import lift
from pipesense.systems.airflow.pipeline import Lean
from pipesense.systems.system import Lifted

HEAD = """\
from airflow.sdk import DAG
from airflow.providers.standard.operators.bash import BashOperator
from airflow.providers.standard.operators.python import PythonOperator

"""
ONE = """\
def fetch_{n}(day):
    rows = [day]
    rows.append("{n}")
    return rows


DEFAULTS_{n} = {{"retries": {n}}}

with DAG("orders_{n}", schedule="@daily", default_args=DEFAULTS_{n}) as dag:
    fetch = PythonOperator(task_id="fetch", python_callable=fetch_{n})
    load = BashOperator(task_id="load", bash_command="load_{n}.sh ")
    fetch >> load

"""
TEXT = HEAD + "".join(ONE.format(n=n) for n in range(4))


class Editor:
    """Keeps the units whose text did not change, as the engine does."""

    def __init__(self) -> None:
        self.memo = LinkMemo()
        self.units: dict[tuple[str, str, int], ParsedUnit] = {}
        self.linked: list[ParsedUnit] = []

    def lift(self, text: str) -> Lifted:
        seen: dict[tuple[str, str], int] = {}
        units: list[ParsedUnit] = []
        for cut in split(text):
            part = text[cut.start : cut.end]
            count = seen[cut.kind, part] = seen.get((cut.kind, part), 0) + 1
            key = (cut.kind, part, count)
            if key not in self.units:
                self.units[key] = parse_unit(len(self.units) + 1, cut.kind, part)
            units.append(self.units[key])
        self.linked = units
        module = Module("/project/dags/orders.py", "orders", units, None, self.memo)
        return lift(module, Version(), lambda *_: 1)


@pytest.mark.parametrize(
    ("old", "new", "changed"),
    [
        ('bash_command="load_2.sh "', 'bash_command="load_2.sh x"', {2}),
        ('DEFAULTS_1 = {"retries": 1}', 'DEFAULTS_1 = {"retries": 11}', {1}),
        ('rows.append("3")', 'rows.append("33")', {3}),
        ('task_id="fetch", python_callable=fetch_0', 'task_id="fetched", python_callable=fetch_0', {0}),
    ],
)
def test_other_pipelines_stay_the_same_objects(old: str, new: str, changed: set[int]) -> None:
    editor = Editor()
    before = editor.lift(TEXT).pipelines
    misses = editor.memo.misses
    after = editor.lift(TEXT.replace(old, new)).pipelines
    assert old in TEXT
    assert {n for n in range(4) if after[n] is not before[n]} <= changed
    # The statement itself, its pipeline, its two calls, their tasks, and the function that a task runs.
    assert editor.memo.misses - misses <= 7


LARGE = (
    HEAD
    + 'COMMON = {"pool": "etl"}\nwith DAG("large", default_args={"retries": 1}) as dag:\n'
    + "".join(
        f'    task_{n} = BashOperator(\n        task_id="task_{n}",\n        bash_command="x{n} ",\n        **COMMON,\n    )\n'
        for n in range(9)
    )
)


@pytest.mark.parametrize(
    ("old", "new", "changed"),
    [
        ("x4", "x44", {4}),
        ('"task_4"', '"task_44"', {4}),
        ("task_8 =", "eighth =", {8}),
        ('"retries": 1', '"retries": 2', set(range(9))),
        ('"pool": "etl"', '"pool": "other"', set(range(9))),
        ("task_0 =", "print()\n    task_0 =", set()),
    ],
)
def test_other_tasks_of_the_pipeline_stay_the_same_objects(old: str, new: str, changed: set[int]) -> None:
    editor = Editor()
    (before,) = editor.lift(LARGE).pipelines
    (after,) = editor.lift(LARGE.replace(old, new)).pipelines
    assert old in LARGE
    assert {n for n in range(9) if after.tasks[n] is not before.tasks[n]} == changed


def test_an_edit_is_seen() -> None:
    editor = Editor()
    editor.lift(TEXT)
    after = editor.lift(TEXT.replace('DEFAULTS_1 = {"retries": 1}', 'DEFAULTS_1 = {"retries": 11}'))
    attempts = [effective(retries_of(pipeline.tasks[0])) for pipeline in after.pipelines]
    assert attempts == [0, 11, 2, 3]


def test_nothing_is_read_again_when_nothing_changed() -> None:
    editor = Editor()
    before = editor.lift(TEXT)
    misses = editor.memo.misses
    after = editor.lift(TEXT)
    assert editor.memo.misses == misses
    assert all(new is old for new, old in zip(after.pipelines, before.pipelines, strict=True))


def test_a_reading_never_gets_the_numbers_of_one_that_is_gone() -> None:
    """Objects that are gone leave their address in memory to the next ones."""
    text = HEAD + 'with DAG("orders") as dag:\n    BashOperator(task_id="load", bash_command="x")\n'
    editor = Editor()
    (pipeline,) = editor.lift(text).pipelines
    module = editor.memo.last
    assert module is not None
    (block,) = module.body[-1:]
    assert isinstance(block, ast.With)
    texts = (SqlText(block.items[0].context_expr, None, "", Unknown("it was not asked for"), "load"),)
    pipelines = [replace(pipeline, name=str(n)) for n in range(20)]
    for each in pipelines:
        built = Lean(each, texts, block, (), (), ())
        assert numbered(module, built, lambda *_: 1).name == each.name
        del built


PLAIN = (
    HEAD
    + "from airflow.providers.standard.operators.empty import EmptyOperator\n"
    + "from datetime import datetime\n"
    + 'POOL = "etl"\nEXTRA = "e"\n\n\n'
    + 'with DAG("plain", schedule="@daily", default_args={"retries": 1}) as dag:\n'
    + '    day = "today"\n'
    + '    first = BashOperator(task_id="first", bash_command=day, pool=POOL, dag=dag)\n'
    + '    second = BashOperator(task_id="second", bash_command=f"x {day}", env={"day": day}, extra=EXTRA)\n'
    + '    third = EmptyOperator(task_id="third", trigger_rule="all_done")\n'
    + "    first >> second >> third\n"
)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('day = "today"', 'day = EmptyOperator(task_id="day").output'),
        ('env={"day": day}', "cwd=first.output"),
        ('env={"day": day}', "cwd=[first.output]"),
        ('env={"day": day}', "cwd=str(first.output)"),
        ('second = BashOperator(task_id="second"', 'BashOperator(task_id="second", cwd=first'),
        ("operators.empty import EmptyOperator", "operators.latest_only import LatestOnlyOperator as EmptyOperator"),
        ('POOL = "etl"\n', 'def POOL():\n    return BashOperator(task_id="pool", bash_command="x")\n'),
        ('EXTRA = "e"', "EXTRA = datetime.now()"),
        ("pool=POOL", "pool=str(POOL)"),
        ("dag=dag", 'dag=DAG("another")'),
        ("pool=POOL", '**{"retries": 4}'),
        ('task_id="first"', 'task_id=day + "first"'),
        ('"third", trigger', "f'{day}_third', trigger"),
        ("    day = ", '    day = BashOperator(task_id="again", bash_command="x")\n    day = '),
        ("first >> second >> third", "third.set_upstream([first, second])"),
    ],
)
def test_calls_kept_from_the_last_link_say_what_they_say_when_read_anew(old: str, new: str) -> None:
    changed = PLAIN.replace(old, new)
    assert changed != PLAIN
    editor = Editor()
    editor.lift(PLAIN)
    for text in (changed, PLAIN, changed):
        kept = editor.lift(text)
        anew = lift(
            Module("/project/dags/orders.py", "orders", editor.linked, None, OneLink()), Version(), lambda *_: 1
        )
        assert kept.pipelines == anew.pipelines
        assert (kept.facts, kept.calls_at_parse, kept.obsolete) == (anew.facts, anew.calls_at_parse, anew.obsolete)


def test_a_call_of_an_operator_is_read_once_while_others_are_typed() -> None:
    editor = Editor()
    text = LARGE.replace("        **COMMON,\n", "")
    editor.lift(text)
    misses = editor.memo.misses
    editor.lift(text.replace("x4", "x44"))
    # The statement, the block, the part, its call, its task and the pipeline.
    assert editor.memo.misses - misses <= 6
