"""The fixes on the real thing: Prefect repeats what they make it repeat, and the check that they add finds wrong data."""

from __future__ import annotations

import asyncio
import sqlite3
from pathlib import Path

import pytest

from support.fixing import fixed, imported, rules_in
from support.flaky import flaky_server

pytestmark = pytest.mark.framework

NAME = "flows/orders.py"
FETCH = """\
import os

import httpx
from prefect import flow, task


@task
def fetch():
    return httpx.get(os.environ["SHOP_URL"], timeout=10).raise_for_status().json()


@flow
def orders():
    return fetch()
"""
LOAD = """\
import os
import sqlite3

from prefect import flow, task


@task(retries=1)
def load():
    with sqlite3.connect(os.environ["SHOP"]) as connection:
        connection.execute("DELETE FROM fact_orders")
        connection.execute("INSERT INTO fact_orders (order_id, amount) SELECT order_id, amount FROM landing")


@task
def publish():
    return "published"


@flow
def orders():
    load()
    return publish()
"""
DDL = """\
CREATE TABLE fact_orders (
    order_id BIGINT NOT NULL,
    amount DECIMAL(12, 2) NOT NULL
);
"""
FILES = {NAME: FETCH}
LOADING = {NAME: LOAD, "sql/ddl.sql": DDL}


def quick(text: str) -> str:
    """The same with pauses that a test can wait for."""
    assert "backoff_factor=30" in text
    return text.replace("backoff_factor=30", "backoff_factor=0.01").replace(
        "retry_jitter_factor=1", "retry_jitter_factor=0.1"
    )


def test_without_the_fix_the_first_failure_ends_the_flow(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "reliability/no-retries" in rules_in(FILES, NAME)
    with flaky_server(2) as server:
        monkeypatch.setenv("SHOP_URL", server.url)
        state = imported(tmp_path, "unfixed", FETCH).orders(return_state=True)
    assert state.is_failed()
    assert server.calls == 1


def test_a_flaky_task_succeeds_on_its_third_try(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = fixed(FILES, NAME, "reliability/no-retries")
    with flaky_server(2) as server:
        monkeypatch.setenv("SHOP_URL", server.url)
        state = imported(tmp_path, "retried", quick(text)).orders(return_state=True)
    assert state.is_completed()
    assert server.calls == 3


def test_the_pauses_grow(tmp_path: Path) -> None:
    task = imported(tmp_path, "paused", fixed(FILES, NAME, "reliability/no-retries")).fetch
    assert (task.retries, task.retry_delay_seconds, task.retry_jitter_factor) == (3, [30, 60, 120], 1)


def test_a_timeout_reaches_the_task(tmp_path: Path) -> None:
    assert imported(tmp_path, "timed", fixed(FILES, NAME, "reliability/no-timeout")).fetch.timeout_seconds == 3600


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> sqlite3.Connection:
    monkeypatch.setenv("SHOP", str(tmp_path / "shop.db"))
    connection = sqlite3.connect(tmp_path / "shop.db", isolation_level=None)
    connection.execute("CREATE TABLE fact_orders (order_id, amount)")
    connection.execute("CREATE TABLE landing (order_id, amount)")
    return connection


ROWS: dict[str, list[tuple[int, int]]] = {"good": [(1, 10), (2, 20)], "empty": []}


@pytest.mark.parametrize("rows", ROWS, ids=list(ROWS))
def test_without_the_check_anything_is_published(rows: str, shop: sqlite3.Connection, tmp_path: Path) -> None:
    assert "quality/load-without-check" in rules_in(LOADING, NAME)
    shop.executemany("INSERT INTO landing VALUES (?, ?)", ROWS[rows])
    assert imported(tmp_path, "unchecked", LOAD).orders(return_state=True).is_completed()


@pytest.mark.parametrize("rows", ROWS, ids=list(ROWS))
def test_the_check_stops_the_flow_where_rows_are_wrong(rows: str, shop: sqlite3.Connection, tmp_path: Path) -> None:
    text = fixed(LOADING, NAME, "quality/load-without-check")
    assert "quality/load-without-check" not in rules_in({**LOADING, NAME: text}, NAME)
    shop.executemany("INSERT INTO landing VALUES (?, ?)", ROWS[rows])
    state = imported(tmp_path, "checked", text).orders(return_state=True)
    assert state.is_completed() == (rows == "good")


STARTED = """\
import asyncio
from contextlib import asynccontextmanager

from prefect import flow, task, unmapped


@task
def publish(page):
    if page == 2:
        raise ValueError("page 2 is torn")


@task
async def push(client, page):
    assert client["open"], "the connection is closed"
    if page == 2:
        raise ValueError("page 2 is torn")


@asynccontextmanager
async def connection():
    state = {"open": True}
    yield state
    state["open"] = False


@flow
def looped(wanted):
    for page in wanted:
        if page:
            publish.submit(page)
    return len(wanted)


@flow
async def inside(wanted):
    async with connection() as client:
        push.map(unmapped(client), wanted)
        await asyncio.sleep(0)
    return len(wanted)
"""


def test_what_was_started_in_loops_and_blocks_is_asked_for(tmp_path: Path) -> None:
    before = imported(tmp_path, "lost", STARTED)
    assert before.looped([1, 2], return_state=True).is_completed()
    text = fixed({NAME: STARTED}, NAME, "reliability/lost-future")
    assert text.count(".result()") == 2
    after = imported(tmp_path, "asked", text)
    assert after.looped([1, 2], return_state=True).is_failed()
    assert after.looped([1, 3], return_state=True).is_completed()
    assert asyncio.run(after.inside([1, 2], return_state=True)).is_failed()
    assert asyncio.run(after.inside([1, 3], return_state=True)).is_completed()


def test_pauses_grow_where_nobody_chose_them(tmp_path: Path) -> None:
    text = FETCH.replace("@task\n", "@task(retries=3)\n")
    assert imported(tmp_path, "at_once", text).fetch.retry_delay_seconds in (None, 0)
    after = fixed({NAME: text}, NAME, "reliability/no-retry-delay")
    fetch = imported(tmp_path, "growing", after).fetch
    assert (fetch.retries, fetch.retry_jitter_factor) == (3, 1)
    assert fetch.retry_delay_seconds == [30, 60, 120]
