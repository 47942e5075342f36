"""Whatever was lifted before, a file gives what it gives when it is read for the first time."""

from __future__ import annotations

from functools import partial

import pytest
from hypothesis import HealthCheck, given, settings

from pipesense.systems.dagster import SYSTEM
from systems.editing import Edit, Editor, check_script, scripts

TEXT = """\
import dagster as dg
import psycopg2
from dagster import AssetIn, RetryPolicy, job, op

POLICY = RetryPolicy(max_retries=2, delay=5)
PREFIX = "stage"
SQL = "INSERT INTO mart.orders SELECT * FROM stage.orders"


def run():
    with psycopg2.connect("dbname=shop") as connection:
        connection.cursor().execute(SQL)


@dg.asset(key_prefix=PREFIX, retry_policy=POLICY)
def raw():
    return [1]


@dg.asset(ins={"rows": AssetIn(key=dg.AssetKey([PREFIX, "raw"]))})
def orders(rows) -> None:
    run()


@dg.asset_check(asset=orders, blocking=True)
def orders_whole():
    return dg.AssetCheckResult(passed=True)


@dg.asset(deps=[orders])
def report():
    return 1


@op
def extract():
    return 1


@op(retry_policy=POLICY)
def load(rows):
    run()


@dg.graph
def ingest():
    load(extract())


@job(op_retry_policy=RetryPolicy(max_retries=1))
def nightly():
    ingest()
    load.alias("again")(extract())


everything = dg.define_asset_job("everything")
nightly_schedule = dg.ScheduleDefinition(job=nightly, cron_schedule="0 2 * * *")
daily = dg.ScheduleDefinition(job=everything, cron_schedule="0 3 * * *")
freshness = dg.build_last_update_freshness_checks(assets=[report])
"""


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(scripts(TEXT))
def test_what_is_lifted_does_not_depend_on_what_was_lifted_before(script: list[Edit]) -> None:
    check_script(partial(Editor, SYSTEM), TEXT, script)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("max_retries=2, delay=5", "max_retries=3, delay=5"),
        ('PREFIX = "stage"', 'PREFIX = "lake"'),
        ("asset=orders, blocking=True", "asset=orders"),
        ("deps=[orders]", "deps=[raw]"),
        ('cron_schedule="0 2', 'cron_schedule="0 4'),
        ("    load(extract())", "    load()"),
        ("assets=[report]", "assets=[raw]"),
        ("@op\n", "\n"),
        ("import dagster as dg", "import other as dg"),
    ],
)
def test_an_edit_and_its_opposite_are_seen(old: str, new: str) -> None:
    editor = Editor(SYSTEM)
    before = editor.lift(TEXT)
    assert old in TEXT
    changed = editor.lift(TEXT.replace(old, new, 1))
    assert changed == Editor(SYSTEM).lift(TEXT.replace(old, new, 1))
    assert changed != before
    assert editor.lift(TEXT) == before
