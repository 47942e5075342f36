"""What the rules say of frames: the lines they report do nothing or fail, the fixed ones work."""

from __future__ import annotations

import runpy
import warnings
from pathlib import Path
from typing import Any

import pandas as pd
import polars as pl
import pytest

from frameworks.proving import Script
from pipesense.systems.polars.tables import RENAMED

pytestmark = pytest.mark.framework

CHAINED = "correctness/chained-assignment"
MADE = 'import pandas as pd\n\nframe = pd.DataFrame({"a": [1, None, -3], "b": ["x", "y", "z"]})\n'


def run(text: str, folder: Path) -> dict[str, Any]:
    """The variables of a script after it ran in a folder."""
    path = folder / "script.py"
    path.write_text(text, encoding="utf-8")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return runpy.run_path(str(path))


@pytest.mark.skipif(pd.__version__ < "3", reason="pandas below 3 still changes the frame")
@pytest.mark.parametrize(
    ("line", "before", "after"),
    [
        ('frame["a"][frame["b"] == "z"] = 0', [1, None, -3], [1, None, 0]),
        ('frame[frame["b"] == "z"]["a"] = 0', [1, None, -3], [1, None, 0]),
        ('frame.loc[frame["b"] == "z"]["a"] = 0', [1, None, -3], [1, None, 0]),
        ('frame["a"].fillna(7, inplace=True)', [1, None, -3], [1, 7, -3]),
        ('frame["a"].clip(0, inplace=True)', [1, None, -3], [1, None, 0]),
    ],
)
def test_a_chained_assignment_changes_nothing_and_the_fix_changes_the_column(
    line: str, before: list[float | None], after: list[float | None], tmp_path: Path
) -> None:
    script = Script(MADE + line + "\n", f"pandas=={pd.__version__}\n")
    assert script.found(CHAINED).severity.word == "error"
    for text, expected in ((script.files[script.name], before), (script.fixed(CHAINED), after)):
        frame = run(text, tmp_path)["frame"]
        assert frame["a"].tolist() == pytest.approx(
            [float("nan") if each is None else each for each in expected], nan_ok=True
        )


KINDS = {"frame": pl.DataFrame, "lazy frame": pl.LazyFrame, "series": pl.Series, "expression": pl.Expr}


def test_names_that_polars_gave_up_are_gone_and_their_successors_are_there() -> None:
    for (kind, old), renamed in RENAMED.items():
        if renamed.change.name == "REMOVED":
            assert not hasattr(KINDS[kind], old), (kind, old)
        if renamed.fix:
            value: Any = KINDS[kind]
            for part in renamed.fix.split("."):
                value = getattr(value, part, None) or getattr(pl.col("a").name, part)
            assert value is not None


@pytest.mark.skipif(pd.__version__ < "2", reason="they left with pandas 2")
def test_names_that_pandas_gave_up_are_gone() -> None:
    for name in ("append", "iteritems"):
        assert not hasattr(pd.DataFrame, name)
        assert not hasattr(pd.Series, name)


REPLACED = """\
import pandas as pd
from sqlalchemy import create_engine, text

engine = create_engine("sqlite:///{folder}/orders.db")
with engine.begin() as connection:
    connection.execute(text("CREATE TABLE orders (id INTEGER PRIMARY KEY, amount NUMERIC(12, 2) NOT NULL)"))
    connection.execute(text("INSERT INTO orders VALUES (7, 1)"))
frame = pd.DataFrame({"id": [1, 2], "amount": [1.0, 2.0]})
frame.to_sql("orders", engine, if_exists="replace", index=False)
rows = pd.read_sql("SELECT id FROM orders ORDER BY id", engine)["id"].tolist()
keys = pd.read_sql("SELECT pk FROM pragma_table_info('orders') WHERE pk > 0", engine)["pk"].tolist()
"""


@pytest.mark.skipif(pd.__version__ < "3", reason="delete_rows came with pandas 3")
def test_a_table_that_is_emptied_keeps_its_key(tmp_path: Path) -> None:
    rule = "schema/table-replaced"
    script = Script(REPLACED, f"pandas=={pd.__version__}\n")
    for number, (text, keys) in enumerate(((REPLACED, []), (script.fixed(rule), [1]))):
        folder = tmp_path / str(number)
        folder.mkdir()
        made = run(text.replace("{folder}", str(folder)), folder)
        assert made["rows"] == [1, 2]
        assert made["keys"] == keys


def test_types_that_are_guessed_change_the_values(tmp_path: Path) -> None:
    text = 'import pandas as pd\n\npd.read_csv("{file}").to_parquet("out.parquet")\n'
    assert Script(text).found("schema/inferred-schema").variant == "columns"
    file = tmp_path / "customers.csv"
    file.write_text("postcode,visits\n01067,1\n04109,\n", encoding="utf-8")
    guessed, told = pd.read_csv(file), pd.read_csv(file, dtype={"postcode": "string", "visits": "Int64"})
    assert list(guessed["postcode"]) == [1067, 4109]
    assert str(guessed["visits"].dtype) == "float64"
    assert list(told["postcode"]) == ["01067", "04109"]
    assert str(told["visits"].dtype) == "Int64"
