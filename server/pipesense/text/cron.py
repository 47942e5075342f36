"""Cron expressions: whether they can be read, when they run next, and what they say in words.

The grammar is that of croniter, which Airflow, Dagster and Prefect use: five columns, or six with seconds behind them,
or seven with years; names of months and days; steps, lists, and ranges that may run over the end (``22-2``); ``L``,
``W``, ``#`` and ``?`` in the columns of days. Airflow 3.3.2 and 2.11.2 both refuse what is refused here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from itertools import pairwise
from typing import Final

from pipesense.text.regex import regex

PRESETS: Final = {
    "@hourly": "0 * * * *",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@weekly": "0 0 * * 0",
    "@monthly": "0 0 1 * *",
    "@quarterly": "0 0 1 */3 *",
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
}
_MONTHS: Final = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_DAYS: Final = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
_MONTH_NAMES: Final = (
    *("January", "February", "March", "April", "May", "June", "July"),
    *("August", "September", "October", "November", "December"),
)
_DAY_NAMES: Final = ("Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday")
_COLUMNS: Final = (
    ("minute", 0, 59, ()),
    ("hour", 0, 23, ()),
    ("day of the month", 1, 31, ()),
    ("month", 1, 12, _MONTHS),
    ("day of the week", 0, 7, _DAYS),
    ("second", 0, 59, ()),
    ("year", 1970, 2099, ()),
)
_SPECIAL: Final = regex(r"\?|l[0-7]?|[0-7]l|\d{1,2}w|lw|[0-7a-z]{1,3}#[1-5l]", re.I)
_FAR: Final = 366 * 9
"""So many days ahead a run is looked for: every February 29th lies within eight years, leap-year rules aside."""


@dataclass(frozen=True, slots=True)
class Cron:
    """A cron expression that can be read.

    Every field is the set of its values, weekdays from Sunday 0. ``any_day`` and ``any_weekday``: the column says
    "every"; where neither does, a run needs only one of the two. ``exact`` is False where the expression asks for
    something that the sets do not say (the last day, the second Friday, seconds, years).
    """

    text: str
    minutes: frozenset[int]
    hours: frozenset[int]
    days: frozenset[int]
    months: frozenset[int]
    weekdays: frozenset[int]
    any_day: bool
    any_weekday: bool
    exact: bool

    def shortest(self) -> timedelta:
        """The shortest time between two runs, as far as the columns of minutes and hours tell; at most a day."""
        times = sorted(hour * 60 + minute for hour in self.hours for minute in self.minutes)
        gaps = [later - sooner for sooner, later in pairwise(times)]
        return timedelta(minutes=min([*gaps, times[0] + 24 * 60 - times[-1]]))

    def runs_on(self, day: datetime) -> bool:
        """Whether a day is one of its days."""
        if day.month not in self.months:
            return False
        of_month, of_week = day.day in self.days, (day.weekday() + 1) % 7 in self.weekdays
        if self.any_day or self.any_weekday:
            return of_month and of_week
        return of_month or of_week

    def following(self, moment: datetime) -> Iterator[datetime]:
        """The runs after a moment, in its own time zone; none where ``exact`` is False."""
        if not self.exact:
            return
        day = moment.replace(hour=0, minute=0, second=0, microsecond=0)
        times = sorted((hour, minute) for hour in self.hours for minute in self.minutes)
        for _ in range(_FAR):
            if self.runs_on(day):
                for hour, minute in times:
                    found = day.replace(hour=hour, minute=minute)
                    if found > moment:
                        yield found
            day += timedelta(days=1)


def cron_problem(text: str) -> str | None:
    """Why a text cannot be read as cron; None where it can, and where a template stands that is filled in before."""
    found = None if "{{" in text or "{%" in text else read_cron(text)
    return found if isinstance(found, str) else None


@lru_cache(maxsize=256)
def read_cron(text: str) -> Cron | str:
    """The expression, or why it cannot be read, as a clause for people."""
    written = PRESETS.get(text.strip().lower(), text.strip())
    if written.startswith("@"):
        return f"there is no preset {written}"
    columns = written.split()
    if not 5 <= len(columns) <= 7:
        return f"it has {len(columns)} column{'s' * (len(columns) != 1)}, and cron has five"
    exact = len(columns) == 5
    sets: list[frozenset[int]] = []
    for written_column, (name, low, high, names) in zip(columns, _COLUMNS, strict=False):
        found = _column(written_column, name, low, high, names)
        if isinstance(found, str):
            return found
        values, plain = found
        exact = exact and plain
        sets.append(values)
    return Cron(
        text=" ".join(columns),
        minutes=sets[0],
        hours=sets[1],
        days=sets[2],
        months=sets[3],
        weekdays=frozenset(day % 7 for day in sets[4]),
        any_day=columns[2][0] in "*?",
        any_weekday=columns[4][0] in "*?",
        exact=exact,
    )


def _column(text: str, name: str, low: int, high: int, names: tuple[str, ...]) -> tuple[frozenset[int], bool] | str:
    """The values of a column, and whether they say all that it asks for."""
    values: set[int] = set()
    plain = True
    for piece in text.split(","):
        if name.startswith("day") and _SPECIAL.fullmatch(piece):
            values |= set(range(low, high + 1))
            plain = plain and piece == "?"
            continue
        found = _piece(piece, name, low, high, names)
        if isinstance(found, str):
            return found
        values |= found
    return frozenset(values), plain


def _piece(piece: str, name: str, low: int, high: int, names: tuple[str, ...]) -> set[int] | str:
    span, slash, step_text = piece.partition("/")
    if slash and (not step_text.isdigit() or int(step_text) == 0):
        return f"/{step_text} is no step for the {name}"
    step = int(step_text) if slash else 1
    if span == "*":
        first, last = low, high if high != 7 else 6
    else:
        start, dash, end = span.partition("-")
        bounds = [_number(start, names, low), _number(end, names, low) if dash else None]
        first_or_none = bounds[0]
        if first_or_none is None or (dash and bounds[1] is None):
            return f"{piece!r} is no {name}"
        first = first_or_none
        last = bounds[1] if bounds[1] is not None else (high if slash else first)
        for value in (first, last):
            if not low <= value <= high:
                return f"the {name} goes from {low} to {high}, not to {value}"
    if first <= last:
        return set(range(first, last + 1, step))
    around = [*range(first, high + 1), *range(low, last + 1)]
    return set(around[::step])


def _number(text: str, names: tuple[str, ...], low: int) -> int | None:
    if text.isdigit():
        return int(text)
    return names.index(text.lower()) + low if text.lower() in names else None


def words(cron: Cron) -> str:
    """What an expression says: "every day at 02:00", "every 15 minutes"; the expression itself where that is long."""
    if not cron.exact:
        return f"by cron {cron.text}"
    when = _time(cron)
    days = _day_words(cron)
    if not when or days is None:
        return f"by cron {cron.text}"
    if days == "":
        return when if when.startswith("every") else f"every day {when}"
    return f"{when} {days}" if when.startswith("every") else f"{days} {when}"


def _time(cron: Cron) -> str:
    minutes, hours = sorted(cron.minutes), sorted(cron.hours)
    if len(hours) == 24:
        if len(minutes) == 1:
            return "every hour" if minutes == [0] else f"every hour at minute {minutes[0]}"
        step = minutes[1] - minutes[0]
        if minutes == list(range(minutes[0], 60, step)) and 60 % step == 0:
            return "every minute" if step == 1 else f"every {step} minutes"
        return ""
    if len(minutes) * len(hours) <= 3:
        times = [f"{hour:02}:{minute:02}" for hour in hours for minute in minutes]
        return "at " + _listed(times)
    if len(minutes) == 1 and len(hours) > 1:
        step = hours[1] - hours[0]
        if hours == list(range(hours[0], 24, step)) and 24 % step == 0 and hours[0] < step:
            return f"every {step} hours" if minutes == [0] else f"every {step} hours at minute {minutes[0]}"
        if hours == list(range(hours[0], hours[-1] + 1)):
            return f"every hour from {hours[0]:02}:{minutes[0]:02} to {hours[-1]:02}:{minutes[0]:02}"
    return ""


def _day_words(cron: Cron) -> str | None:
    parts: list[str] = []
    all_days, all_weekdays = len(cron.days) == 31, len(cron.weekdays) == 7
    if not all_days and not all_weekdays:
        return None
    if not all_weekdays:
        days = sorted(cron.weekdays, key=lambda day: (day - 1) % 7)
        consecutive = [(day - 1) % 7 for day in days]
        if len(days) > 2 and consecutive == list(range(consecutive[0], consecutive[0] + len(days))):
            parts.append(f"from {_DAY_NAMES[days[0]]} to {_DAY_NAMES[days[-1]]}")
        else:
            parts.append("on " + _listed([_DAY_NAMES[day] for day in days]))
    if not all_days:
        if len(cron.days) > 4:
            return None
        word = "day" if len(cron.days) == 1 else "days"
        parts.append(f"on {word} {_listed([str(day) for day in sorted(cron.days)])}")
    if len(cron.months) < 12:
        if len(cron.months) > 4:
            return None
        names = _listed([_MONTH_NAMES[month - 1] for month in sorted(cron.months)])
        parts.append(f"{'of' if not all_days else 'in'} {names}")
    elif not all_days:
        parts.append("of every month")
    return " ".join(parts)


def _listed(items: list[str]) -> str:
    return items[0] if len(items) == 1 else ", ".join(items[:-1]) + " and " + items[-1]
