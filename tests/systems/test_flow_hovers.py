"""What a hover tells of flows and assets."""

from __future__ import annotations

import pytest

from support.memory import ROOT, settle, workspace

FLOW = """\
from prefect import flow, task
from prefect.tasks import exponential_backoff


@task(retries=3, retry_delay_seconds=exponential_backoff(backoff_factor=10), persist_result=True)
def load():
    pass


@task
def check():
    assert True


@flow(timeout_seconds=600)
def orders():
    load()
    check()


if __name__ == "__main__":
    orders.serve(name="orders", cron="0 2 * * mon-fri")
"""
ASSETS = """\
import dagster as dg


@dg.asset(retry_policy=dg.RetryPolicy(max_retries=2, delay=5), group_name="raw")
def orders():
    return [1]


@dg.asset_check(asset=orders, blocking=True)
def orders_whole(orders):
    return dg.AssetCheckResult(passed=True)


@dg.asset
def report(orders):
    return orders
"""


def hover(text: str, word: str, path: str) -> str:
    """What is shown at the first place of a word."""
    made = workspace({path: text})
    settle(made)
    found = made.hover(f"{ROOT}/{path}", text.index(word) + 1)
    assert found is not None
    return found.markdown


@pytest.mark.parametrize(
    "line",
    [
        "- retries: **3** (how often a failed attempt is repeated), from decorator, line 5",
        "- retry delay: **10 seconds** (the pause before the first repetition), from decorator, line 5",
        "- growing pauses: **yes**",
        "- timeout: **10 minutes** (after which time an attempt fails), from the pipeline itself, line 15",
        "- result is stored: **True**",
        "- quality checks behind it: check (custom check)",
    ],
)
def test_a_task_tells_its_effective_settings(line: str) -> None:
    assert line in hover(FLOW, "load()", "flows/orders.py")


@pytest.mark.parametrize(
    ("word", "title"),
    [("retry_delay_seconds", "Retry with backoff"), ("timeout_seconds", "Timeouts"), ("cron=", "catch")],
)
def test_an_argument_tells_its_pattern(word: str, title: str) -> None:
    assert title in hover(FLOW, word, "flows/orders.py")


@pytest.mark.parametrize(
    "line",
    [
        "- retries: **2** (how often a failed attempt is repeated), from decorator, line 4",
        '- group: **"raw"** (where it stands in the catalogue), from line 4',
        "- downstream: `orders_whole`, `report`",
        "- quality checks behind it: orders_whole (custom check)",
    ],
)
def test_an_asset_tells_its_settings_and_its_checks(line: str) -> None:
    assert line in hover(ASSETS, "orders():", "defs/orders.py")


def test_blocking_tells_of_the_gate() -> None:
    assert "waits for the check" in hover(ASSETS, "blocking", "defs/orders.py")
