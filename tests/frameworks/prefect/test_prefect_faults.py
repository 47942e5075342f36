"""What Prefect does with settings that rules speak of."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from prefect import flow, task

pytestmark = pytest.mark.framework


def work() -> None:
    raise RuntimeError("it failed")


@pytest.mark.parametrize(
    ("settings", "error"),
    [
        ({"retry_delay_seconds": timedelta(seconds=1)}, TypeError),
        ({"retry_delay_seconds": "1"}, TypeError),
        ({"timeout_seconds": timedelta(seconds=1)}, TypeError),
        ({"retry_delay_seconds": [1] * 51}, ValueError),
        ({"retry_jitter_factor": -1}, ValueError),
    ],
)
def test_refused(settings: dict[str, Any], error: type[Exception]) -> None:
    with pytest.raises(error):
        task(work, retries=3, **settings)


def test_negative_retries_are_none() -> None:
    state = flow(work, retries=-1)(return_state=True)
    assert state.is_failed()
    assert task(work, retries=-1).retries == -1


@pytest.mark.parametrize("cron", ["61 * * * *", "every day"])
def test_a_schedule_that_cannot_be_read_is_refused(cron: str) -> None:
    with pytest.raises(ValueError):
        flow(work).to_deployment("work", cron=cron)


@pytest.mark.parametrize("cron", ["@daily", "0 2 * * *"])
def test_other_schedules_are_not(cron: str) -> None:
    assert flow(work).to_deployment("work", cron=cron)
