"""Cron expressions: what they say, when they run next, and which ones are refused."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import islice

import pytest

from pipesense.text.cron import Cron, read_cron, words

NOON = datetime(2024, 1, 31, 12)


@pytest.mark.parametrize(
    ("text", "said", "following"),
    [
        ("0 2 * * *", "every day at 02:00", "2024-02-01 02:00, 2024-02-02 02:00"),
        ("@hourly", "every hour", "2024-01-31 13:00, 2024-01-31 14:00"),
        ("*/15 * * * *", "every 15 minutes", "2024-01-31 12:15, 2024-01-31 12:30"),
        ("0 */6 * * *", "every 6 hours", "2024-01-31 18:00, 2024-02-01 00:00"),
        ("30 6 * * 1-5", "from Monday to Friday at 06:30", "2024-02-01 06:30, 2024-02-02 06:30"),
        ("0 8,20 * * *", "every day at 08:00 and 20:00", "2024-01-31 20:00, 2024-02-01 08:00"),
        ("5 4 * * sun", "on Sunday at 04:05", "2024-02-04 04:05, 2024-02-11 04:05"),
        ("0 0 * * 7", "on Sunday at 00:00", "2024-02-04 00:00, 2024-02-11 00:00"),
        ("0 0 1 1,7 *", "on day 1 of January and July at 00:00", "2024-07-01 00:00, 2025-01-01 00:00"),
        ("@quarterly", "on day 1 of January, April, July and October at 00:00", "2024-04-01 00:00, 2024-07-01 00:00"),
        ("0 0 29 2 *", "on day 29 of February at 00:00", "2024-02-29 00:00, 2028-02-29 00:00"),
        (
            "0 9-17 * * 1-5",
            "every hour from 09:00 to 17:00 from Monday to Friday",
            "2024-01-31 13:00, 2024-01-31 14:00",
        ),
        # Where both columns of days are narrowed, either is enough.
        ("0 0 13 * 5", "by cron 0 0 13 * 5", "2024-02-02 00:00, 2024-02-09 00:00"),
        ("22-2 12 * * *", "by cron 22-2 12 * * *", "2024-01-31 12:01, 2024-01-31 12:02"),
        ("0 0 31 2 *", "on day 31 of February at 00:00", ""),
        ("0 0 L * *", "by cron 0 0 L * *", ""),
        ("0 0 * * 5#2", "by cron 0 0 * * 5#2", ""),
        ("0 0 * * * 30", "by cron 0 0 * * * 30", ""),
    ],
)
def test_expressions_are_read(text: str, said: str, following: str) -> None:
    cron = read_cron(text)
    assert isinstance(cron, Cron)
    assert words(cron) == said
    assert ", ".join(f"{moment:%Y-%m-%d %H:%M}" for moment in islice(cron.following(NOON), 2)) == following


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("61 * * * *", "the minute goes from 0 to 59, not to 61"),
        ("0 24 * * *", "the hour goes from 0 to 23, not to 24"),
        ("0 0 0 * *", "the day of the month goes from 1 to 31, not to 0"),
        ("0 0 * * 8", "the day of the week goes from 0 to 7, not to 8"),
        ("* * * *", "it has 4 columns, and cron has five"),
        ("daily", "it has 1 column, and cron has five"),
        ("*/0 * * * *", "/0 is no step for the minute"),
        ("1,2,x * * * *", "'x' is no minute"),
        ("H * * * *", "'H' is no minute"),
        ("@fortnightly", "there is no preset @fortnightly"),
        ("", "it has 0 columns, and cron has five"),
    ],
)
def test_what_cannot_be_read_says_why(text: str, why: str) -> None:
    assert read_cron(text) == why


@pytest.mark.parametrize(
    ("text", "minutes"),
    [("*/5 * * * *", 5), ("0,50 * * * *", 10), ("0 0 * * *", 24 * 60), ("0 23,1 * * *", 120), ("@weekly", 24 * 60)],
)
def test_the_shortest_time_between_two_runs(text: str, minutes: int) -> None:
    cron = read_cron(text)
    assert isinstance(cron, Cron)
    assert cron.shortest() == timedelta(minutes=minutes)
