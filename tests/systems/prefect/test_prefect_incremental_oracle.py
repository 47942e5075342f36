"""Whatever was lifted before, a file gives what it gives when it is read for the first time."""

from __future__ import annotations

from functools import partial

import pytest
from hypothesis import HealthCheck, given, settings

from pipesense.systems.prefect import SYSTEM
from systems.editing import Edit, Editor, check_script, scripts

TEXT = """\
from datetime import timedelta

from prefect import flow, task, unmapped
from prefect.tasks import exponential_backoff
from prefect_sqlalchemy import SqlAlchemyConnector

RETRIES = 3
OPTIONS = {"retries": RETRIES, "timeout_seconds": 60}
SQL = "INSERT INTO mart.orders SELECT * FROM stage.orders"


def run(database):
    database.execute(SQL)


@task(retries=2, retry_delay_seconds=exponential_backoff(backoff_factor=10))
def extract(day):
    return [day]


@task(**OPTIONS)
def load(rows):
    with SqlAlchemyConnector.load("warehouse") as database:
        run(database)
    return rows


@task
def check(rows):
    assert rows


patient = load.with_options(name="patient", retries=7)


def both(day):
    rows = extract.submit(day)
    return load.submit(rows)


@flow(retries=1)
def orders(days):
    futures = [both(day) for day in days]
    for each in futures:
        each.result()
    patient(extract.map(days, unmapped(1)))
    check(futures)


@flow(name="nightly", timeout_seconds=600)
async def nightly():
    orders([1, 2])


if __name__ == "__main__":
    orders.serve(name="orders", cron="0 2 * * *")
    nightly.serve(name="nightly", interval=timedelta(hours=1))
"""


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(scripts(TEXT))
def test_what_is_lifted_does_not_depend_on_what_was_lifted_before(script: list[Edit]) -> None:
    check_script(partial(Editor, SYSTEM), TEXT, script)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("RETRIES = 3", "RETRIES = 4"),
        ('cron="0 2 * * *"', 'cron="0 3 * * *"'),
        ('name="patient", retries=7', 'name="patient", retries=8'),
        ("    rows = extract.submit(day)", "    rows = check.submit(day)"),
        ("def check(rows):", "def check(rows, more):"),
        ("    orders([1, 2])", "    check([1, 2])"),
        ("@task\n", "\n"),
        ("from prefect import flow, task, unmapped", "from other import flow, task, unmapped"),
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
