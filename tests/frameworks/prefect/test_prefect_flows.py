"""What Prefect does with flows that rules speak of."""

from __future__ import annotations

import pytest
from prefect import flow, task

pytestmark = pytest.mark.framework


@task
def fails() -> None:
    raise RuntimeError("it failed")


def test_a_flow_does_not_notice_the_failure_of_what_it_only_started() -> None:
    @flow
    def lost() -> None:
        fails.submit()

    assert lost(return_state=True).is_completed()


def test_it_does_where_it_asks() -> None:
    @flow
    def asked() -> None:
        fails.submit().result()

    assert asked(return_state=True).is_failed()


@pytest.mark.parametrize(("stored", "runs"), [(None, 2), (True, 1)])
def test_a_repeated_flow_runs_finished_tasks_again_unless_their_results_are_stored(
    stored: bool | None, runs: int
) -> None:
    calls: dict[str, int] = {"load": 0, "report": 0}

    @task(persist_result=stored)
    def load() -> str:
        calls["load"] += 1
        return "loaded"

    @task
    def report() -> None:
        calls["report"] += 1
        if calls["report"] == 1:
            raise RuntimeError("it failed")

    @flow(retries=1)
    def orders() -> None:
        load()
        report()

    assert orders(return_state=True).is_completed()
    assert calls == {"load": runs, "report": 2}
