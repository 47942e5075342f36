"""Durations asked for attributes they do not have."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from pipesense.lang.python.module import Module
from pipesense.lang.python.timedelta import timedelta_attributes

Linker = Callable[..., Module]
IMPORTS = "from datetime import datetime, timedelta\nimport datetime as dt\n"


@pytest.mark.parametrize(
    ("text", "whole", "attribute"),
    [
        (IMPORTS + "x = (datetime.now() - latest).hours", "(datetime.now() - latest).hours", ".hours"),
        (IMPORTS + "x = (latest - datetime.now()).minutes + 1", "(latest - datetime.now()).minutes", ".minutes"),
        (IMPORTS + "d = timedelta(days=1)\nx = d.hours", "d.hours", ".hours"),
        (IMPORTS + "x = timedelta(days=1).total_hours()", "timedelta(days=1).total_hours()", ".total_hours()"),
        (IMPORTS + "x = abs(dt.datetime.utcnow() - y).hours", "abs(dt.datetime.utcnow() - y).hours", ".hours"),
        (IMPORTS + "a = datetime.now()\nb = a.replace(hour=1)\nd = a - b\nx = d.hours", "d.hours", ".hours"),
        (IMPORTS + "d = timedelta(1) * 2\nx = (d + timedelta(2)).weeks", "(d + timedelta(2)).weeks", ".weeks"),
        ("x = (datetime.now() - latest).hours", "(datetime.now() - latest).hours", ".hours"),
        ("x = timedelta(hours=1).hours", "timedelta(hours=1).hours", ".hours"),
        ("import datetime\nx = (datetime.datetime.now() - y).hours", "(datetime.datetime.now() - y).hours", ".hours"),
        (IMPORTS + "def f():\n    d = datetime.now() - g()\n    if (d.hours) > 2: pass", "d.hours", ".hours"),
    ],
)
def test_certain_durations(text: str, whole: str, attribute: str, link: Linker) -> None:
    module = link(text)
    (fact,) = timedelta_attributes(module)
    unit = next(unit for unit in module.units if unit.unit == fact.loc.unit)
    assert fact.whole.span.of(unit.text) == whole
    assert fact.attribute_loc.span.of(unit.text) == attribute
    assert fact.receiver + attribute == whole


@pytest.mark.parametrize(
    "text",
    [
        IMPORTS + "x = (datetime.now() - latest).days",
        IMPORTS + "x = (datetime.now() - latest).total_seconds()",
        IMPORTS + "x = (a - b).hours",
        IMPORTS + "def f(d: timedelta):\n    return d.hours",
        IMPORTS + "d = timedelta(1)\nif c:\n    d = other()\nx = d.hours",
        IMPORTS + "d = datetime.now()\nx = d.hour",
        IMPORTS + "d = datetime.now() - timedelta(1)\nx = d.hour",
        IMPORTS + "d = timedelta(1)\nd.hours = 3",
        "import pendulum\nx = (pendulum.now() - y).hours",
        IMPORTS + "import pendulum\nx = (datetime.now() - y).hours",
        IMPORTS + "x = (datetime.now() - context['logical_date']).hours",
        IMPORTS + "run = context['dag_run']\ns = run.start_date\nx = (datetime.now() - s).hours",
        "from dateutil.relativedelta import relativedelta\nx = relativedelta(a, b).hours",
        IMPORTS + "import pandas as pd\nx = (pd.Timestamp.now() - df.t).dt.components.hours",
        "class timedelta: pass\nx = timedelta(hours=1).hours",
        "from own import *\nx = (datetime.now() - y).hours",
        "datetime = Clock()\nx = (datetime.now() - y).hours",
        "from arrow import utcnow\nx = (utcnow() - y).hours",
        IMPORTS + "x = (timedelta(1) / timedelta(2)).hours",
    ],
)
def test_everything_else_is_silent(text: str, link: Linker) -> None:
    assert timedelta_attributes(link(text)) == ()


@pytest.mark.parametrize(
    ("text", "needed"),
    [
        ("x = D.hours", False),
        ("x = D.hours + 1", False),
        ("x = f(D.hours)", False),
        ("x = D.hours > 3", False),
        ("x = D.hours ** 2", True),
        ("x = 7 % D.hours", True),
        ("x = D.hours.real", True),
    ],
)
def test_parentheses(text: str, needed: bool, link: Linker) -> None:
    (fact,) = timedelta_attributes(link("from datetime import timedelta\nD = timedelta(1)\n" + text))
    assert fact.needs_parentheses is needed
