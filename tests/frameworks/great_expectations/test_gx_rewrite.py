"""The data sets of 0.x that the fix writes as batches: the old script is refused, the new one finds the planted rows."""

from __future__ import annotations

import inspect
import runpy
from pathlib import Path
from typing import Any

import great_expectations as gx
import pandas as pd
import pytest

from frameworks.proving import Script
from pipesense.systems.great_expectations.write import EXPECTATIONS, class_of

pytestmark = pytest.mark.framework

RULE = "upgrade/removed-api"
OLD = """\
import great_expectations as ge

orders = ge.read_csv("{folder}/orders.csv")
orders.expect_column_values_to_not_be_null("order_id")
orders.expect_column_values_to_be_unique("order_id")
orders.expect_column_values_to_be_between("amount", 0, 1000)
orders.expect_column_values_to_be_in_set("status", ["paid", "sent"])
results = orders.validate()
success = results["success"]
"""
EACH = """\
import great_expectations as ge
import pandas as pd

frame = pd.read_csv("{folder}/orders.csv")
orders = ge.from_pandas(frame)
found = orders.expect_column_values_to_be_between("amount", min_value=0, max_value=1000)
success = found.success
"""
CLASS = """\
import pandas as pd
from great_expectations.dataset import PandasDataset

frame = pd.read_csv("{folder}/orders.csv")
orders = PandasDataset(frame)
orders.expect_column_values_to_not_be_null("order_id")
orders.expect_column_values_to_be_between("amount", 0, 1000)
success = orders.validate().success
"""
GOOD = [(1, 10.0, "paid"), (2, 20.0, "sent")]
PLANTED = {
    "nothing": ((3, 30.0, "paid"), True),
    "a missing id": ((None, 30.0, "paid"), False),
    "an id twice": ((2, 30.0, "paid"), False),
    "an amount below zero": ((3, -1.0, "paid"), False),
    "an unknown status": ((3, 30.0, "lost"), False),
}


def run(text: str, folder: Path) -> dict[str, Any]:
    path = folder / "script.py"
    path.write_text(text.replace("{folder}", str(folder)), encoding="utf-8")
    return runpy.run_path(str(path))


def write(folder: Path, row: tuple[Any, ...]) -> None:
    pd.DataFrame([*GOOD, row], columns=["order_id", "amount", "status"]).to_csv(folder / "orders.csv", index=False)


@pytest.mark.parametrize("plant", PLANTED)
def test_the_old_script_is_refused_and_the_new_one_finds_the_row(plant: str, tmp_path: Path) -> None:
    row, expected = PLANTED[plant]
    write(tmp_path, row)
    with pytest.raises(AttributeError):
        run(OLD, tmp_path)
    fixed = Script(OLD, f"great_expectations=={gx.__version__}\n").fixed(RULE)
    assert run(fixed, tmp_path)["success"] is expected


def test_an_expectation_that_is_asked_for_by_itself(tmp_path: Path) -> None:
    write(tmp_path, (3, -1.0, "paid"))
    fixed = Script(EACH, f"great_expectations=={gx.__version__}\n").fixed(RULE)
    assert run(fixed, tmp_path)["success"] is False


@pytest.mark.parametrize(("row", "expected"), [((3, 30.0, "paid"), True), ((3, -1.0, "paid"), False)])
def test_a_data_set_of_the_class(row: tuple[Any, ...], expected: bool, tmp_path: Path) -> None:
    write(tmp_path, row)
    with pytest.raises(ModuleNotFoundError):
        run(CLASS, tmp_path)
    fixed = Script(CLASS, f"great_expectations=={gx.__version__}\n").fixed(RULE)
    assert run(fixed, tmp_path)["success"] is expected


def test_every_expectation_is_there_with_those_arguments() -> None:
    for method, names in EXPECTATIONS.items():
        made = getattr(gx.expectations, class_of(method), None)
        assert made is not None, method
        fields = set(made.__fields__) | set(inspect.signature(made).parameters)
        assert fields.issuperset(names), (method, names)
