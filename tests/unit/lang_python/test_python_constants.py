"""Constant values, durations and points in time."""

from __future__ import annotations

import ast
from collections.abc import Callable
from datetime import timedelta

import pytest

from pipesense.lang.python.module import Module, Moment
from pipesense.model.value import Known, Unknown

Linker = Callable[..., Module]
LastValue = Callable[[Module], ast.expr]
FILES = {"conf": "RETRIES = 3\nTAGS = ['a']\nTAGS.append('b')\nfrom datetime import datetime\nNOW = datetime.now()\n"}
DATES = "import pendulum\nfrom datetime import datetime, timedelta\nfrom airflow.utils.dates import days_ago\n"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("3", 3),
        ("-2.5", -2.5),
        ("None", None),
        ("not True", False),
        ("x = 'a'\nx + 'b'", "ab"),
        ("x = 60\nx * 5", 300),
        ("x = 'd'\nf'{x}_1'", "d_1"),
        ("x = 1\nx = 2\nx", 2),
        ("if c:\n    x = 1\nelse:\n    x = 1\nx", 1),
        ("3 if c else 3", 3),
        ("a, b = 1, 2\nb", 2),
        ("['a', 'b']", ("a", "b")),
        ("from conf import RETRIES\nRETRIES", 3),
        ("import conf\nconf.RETRIES + 1", 4),
        ("def f():\n    return 5\nf()", 5),
        (DATES + "timedelta(minutes=5)", timedelta(minutes=5)),
        (DATES + "timedelta(1, 30)", timedelta(days=1, seconds=30)),
        (DATES + "2 * timedelta(hours=1)", timedelta(hours=2)),
        (DATES + "pendulum.duration(minutes=1)", timedelta(minutes=1)),
    ],
)
def test_known(text: str, expected: object, link: Linker, last_value: LastValue) -> None:
    module = link(text, FILES)
    found = module.value(last_value(module))
    assert isinstance(found, Known)
    assert (type(found.value), found.value) == (type(expected), expected)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("x", "not defined"),
        ("for x in y: pass\nx", "loop"),
        ("x = 1\nif c:\n    x = 2\nx", "differs between"),
        ("3 if c else 0", "differs between"),
        ("1 if c else True", "differs between"),
        ("from gone import x\nx", "not in the workspace"),
        ("def f(a): return a\nf(1)", "parameter"),
        ("import os\nos.environ['x']", "computed"),
        ("x = ['a']\nx.append('b')\nx", "changed in place"),
        ("import conf\nconf.TAGS", "changed in place"),
        ("x = y\ny = x\nx", "no value yet"),
        ("1 / 0", "cannot be computed"),
        ("x = 1\nx += 1\nx", "changed in place"),
        ("'a' * 10 ** 9", "computed"),
        ("y = x\nx = 1\ny", "no value yet"),
        ("try:\n    pass\nexcept E as x:\n    y = x\ny", "exception"),
    ],
)
def test_unknown_says_why(text: str, why: str, link: Linker, last_value: LastValue) -> None:
    module = link(text, FILES)
    found = module.value(last_value(module))
    assert isinstance(found, Unknown)
    assert why in found.why


@pytest.mark.parametrize(
    ("text", "moving"),
    [
        ("datetime(2024, 1, 1)", False),
        ("pendulum.datetime(2024, 1, 1, tz='UTC')", False),
        ("datetime.strptime('2024-01-01', '%Y-%m-%d')", False),
        ("datetime(2024, 1, 1) + timedelta(days=1)", False),
        ("datetime.now()", True),
        ("datetime.now() - timedelta(days=1)", True),
        ("datetime.today().replace(hour=0)", True),
        ("pendulum.today('UTC').add(days=-1)", True),
        ("days_ago(2)", True),
        ("now = datetime.utcnow()\ndatetime(now.year, 1, 1)", True),
        ("datetime.combine(datetime.today() - timedelta(1), datetime.min.time())", True),
        ("def start():\n    return datetime.now()\nstart()", True),
        ("from conf import NOW\nNOW", True),
    ],
)
def test_moments(text: str, moving: bool, link: Linker, last_value: LastValue) -> None:
    module = link(DATES + text, FILES)
    found = module.value(last_value(module))
    assert isinstance(found, Known)
    assert isinstance(found.value, Moment)
    assert found.value.moving is moving


def test_a_value_knows_where_it_is_written(link: Linker, last_value: LastValue) -> None:
    module = link("from conf import RETRIES\nRETRIES", FILES)
    found = module.value(last_value(module))
    assert isinstance(found, Known)
    assert found.loc is not None
    assert found.loc.file == "/conf.py"
