"""What Dagster does with settings that rules speak of."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import dagster as dg
import pytest
from dagster_shared.check import CheckError

pytestmark = pytest.mark.framework


@pytest.mark.parametrize(
    "settings",
    [
        {"backoff": dg.Backoff.EXPONENTIAL},
        {"jitter": dg.Jitter.FULL},
        {"delay": timedelta(seconds=1)},
    ],
)
def test_refused(settings: dict[str, Any]) -> None:
    with pytest.raises((dg.DagsterInvalidDefinitionError, CheckError)):
        dg.RetryPolicy(max_retries=3, **settings)


def test_negative_retries_are_none() -> None:
    calls = []

    @dg.op(retry_policy=dg.RetryPolicy(max_retries=-1))
    def work() -> None:
        calls.append(1)
        raise RuntimeError("it failed")

    @dg.job
    def nightly() -> None:
        work()

    assert not nightly.execute_in_process(raise_on_error=False).success
    assert calls == [1]


@pytest.mark.parametrize("cron", ["61 * * * *", "0 0 2 * * *", "every day"])
def test_a_schedule_that_cannot_be_read_is_refused(cron: str) -> None:
    with pytest.raises(dg.DagsterInvalidDefinitionError):
        dg.ScheduleDefinition(name="nightly", job_name="nightly", cron_schedule=cron)


@pytest.mark.parametrize("cron", ["@daily", "0 2 * * *"])
def test_other_schedules_are_not(cron: str) -> None:
    assert dg.ScheduleDefinition(name="nightly", job_name="nightly", cron_schedule=cron)
