"""The fixes on the real thing: policies take effect, and a failing blocking check fails what is materialised."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import dagster as dg
import pytest

from support.fixing import fixed, imported, rules_in
from support.flaky import flaky_server

pytestmark = pytest.mark.framework

NAME = "defs/orders.py"
FETCH = """\
import os
import urllib.request

import dagster as dg


@dg.asset
def orders() -> None:
    urllib.request.urlopen(os.environ["SHOP_URL"], timeout=10).read()


@dg.op
def ping():
    urllib.request.urlopen(os.environ["SHOP_URL"], timeout=10).read()


@dg.job
def nightly():
    ping()


defs = dg.Definitions(assets=[orders], jobs=[nightly])
"""
LOAD = """\
import os
import sqlite3

import dagster as dg


@dg.asset
def orders() -> None:
    with sqlite3.connect(os.environ["SHOP"]) as connection:
        connection.execute("DELETE FROM fact_orders")
        connection.execute("INSERT INTO fact_orders (order_id, amount) SELECT order_id, amount FROM landing")


@dg.asset(deps=[orders])
def report() -> None:
    with open(os.environ["REPORT"], "w") as file:
        file.write("published")


defs = dg.Definitions(assets=[orders, report])
"""
FRAME = """\
import os

import pandas as pd
from dagster import Definitions, asset


@asset
def orders() -> pd.DataFrame:
    return pd.DataFrame({"order_id": range(int(os.environ["ROWS"]))})


defs = Definitions(assets=[orders])
"""
DDL = """\
CREATE TABLE fact_orders (
    order_id BIGINT NOT NULL,
    amount DECIMAL(12, 2) NOT NULL
);
"""
FETCHING = {NAME: FETCH}
LOADING = {NAME: LOAD, "sql/ddl.sql": DDL}
FRAMES = {NAME: FRAME}


def materialised(folder: Path, name: str, text: str) -> dg.ExecuteInProcessResult:
    """All assets and checks of the file's Definitions, once."""
    definitions: dg.Definitions = imported(folder, name, text).defs
    dg.Definitions.validate_loadable(definitions)
    job = definitions.resolve_implicit_global_asset_job_def()
    return job.execute_in_process(raise_on_error=False)


def quick(text: str) -> str:
    """The same with pauses that a test can wait for."""
    assert "delay=30" in text
    return text.replace("delay=30", "delay=0.01")


def test_without_the_fix_the_first_failure_ends_the_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert rules_in(FETCHING, NAME).count("reliability/no-retries") == 2
    with flaky_server(2) as server:
        monkeypatch.setenv("SHOP_URL", server.url)
        assert not materialised(tmp_path, "unfixed", FETCH).success
    assert server.calls == 1


def test_the_policy_of_an_asset_takes_effect(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = fixed(FETCHING, NAME, "reliability/no-retries")
    with flaky_server(2) as server:
        monkeypatch.setenv("SHOP_URL", server.url)
        assert materialised(tmp_path, "asset_retried", quick(text)).success
    assert server.calls == 3


def test_the_policy_of_an_op_takes_effect(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = fixed(FETCHING, NAME, "reliability/no-retries")
    with flaky_server(2) as server:
        monkeypatch.setenv("SHOP_URL", server.url)
        module = imported(tmp_path, "op_retried", quick(text))
        assert module.nightly.execute_in_process(raise_on_error=False).success
    assert server.calls == 3


def test_the_policy_is_what_it_says(tmp_path: Path) -> None:
    module = imported(tmp_path, "policy", fixed(FETCHING, NAME, "reliability/no-retries"))
    policy = module.orders.op.retry_policy
    assert (policy.max_retries, policy.delay, policy.backoff, policy.jitter) == (
        3,
        30,
        dg.Backoff.EXPONENTIAL,
        dg.Jitter.PLUS_MINUS,
    )


ROWS: dict[str, list[tuple[int, int]]] = {"good": [(1, 10), (2, 20)], "empty": []}


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> sqlite3.Connection:
    monkeypatch.setenv("SHOP", str(tmp_path / "shop.db"))
    monkeypatch.setenv("REPORT", str(tmp_path / "report.txt"))
    connection = sqlite3.connect(tmp_path / "shop.db", isolation_level=None)
    connection.execute("CREATE TABLE fact_orders (order_id, amount)")
    connection.execute("CREATE TABLE landing (order_id, amount)")
    return connection


@pytest.mark.parametrize("rows", ROWS, ids=list(ROWS))
def test_without_the_check_anything_is_built_on(rows: str, shop: sqlite3.Connection, tmp_path: Path) -> None:
    assert "quality/load-without-check" in rules_in(LOADING, NAME)
    shop.executemany("INSERT INTO landing VALUES (?, ?)", ROWS[rows])
    assert materialised(tmp_path, "unchecked", LOAD).success
    assert (tmp_path / "report.txt").exists()


@pytest.mark.parametrize("rows", ROWS, ids=list(ROWS))
def test_a_failing_blocking_check_fails_the_run(rows: str, shop: sqlite3.Connection, tmp_path: Path) -> None:
    text = fixed(LOADING, NAME, "quality/load-without-check")
    assert "quality/load-without-check" not in rules_in({**LOADING, NAME: text}, NAME)
    shop.executemany("INSERT INTO landing VALUES (?, ?)", ROWS[rows])
    result = materialised(tmp_path, "checked", text)
    assert result.success == (rows == "good")
    assert (tmp_path / "report.txt").exists() == (rows == "good")


@pytest.mark.parametrize("rows", [0, 3])
def test_a_check_looks_at_the_value_that_an_asset_gives(
    rows: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = fixed(FRAMES, NAME, "quality/load-without-check")
    assert "asset_check" in text
    monkeypatch.setenv("ROWS", str(rows))
    assert materialised(tmp_path, "framed", text).success == (rows > 0)


def test_pauses_grow_where_nobody_chose_them(tmp_path: Path) -> None:
    text = FETCH.replace("@dg.asset\n", "@dg.asset(retry_policy=dg.RetryPolicy(max_retries=4))\n")
    before = imported(tmp_path, "at_once", text).orders.op.retry_policy
    assert (before.max_retries, before.delay) == (4, None)
    after = fixed({NAME: text}, NAME, "reliability/no-retry-delay")
    policy = imported(tmp_path, "growing", after).orders.op.retry_policy
    assert (policy.max_retries, policy.delay) == (4, 30)
    assert [policy.calculate_delay(attempt) for attempt in (1, 2, 3)] != [30, 30, 30]
    assert (policy.backoff, policy.jitter) == (dg.Backoff.EXPONENTIAL, dg.Jitter.PLUS_MINUS)
