"""What the rules say of frames and connections: the lines they report do nothing or fail, the fixed ones work."""

from __future__ import annotations

import runpy
import warnings
from pathlib import Path
from typing import Any

import pandas as pd
import polars as pl
import pytest
import sqlalchemy as sa

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


WRITES = """\
import sqlalchemy as sa

engine = sa.create_engine("sqlite:///{folder}/orders.db")
with engine.begin() as connection:
    connection.execute(sa.text("CREATE TABLE orders (id INTEGER)"))
with engine.connect() as other:
    other.execute(sa.text("INSERT INTO orders VALUES (1)"))
"""


def test_rows_written_without_a_commit_are_lost_and_begin_keeps_them(tmp_path: Path) -> None:
    rule = "correctness/uncommitted-write"
    script = Script(WRITES, f"sqlalchemy=={sa.__version__}\n")
    assert script.found(rule).severity.word == "error"
    for number, (text, rows) in enumerate(((WRITES, 0), (script.fixed(rule), 1))):
        folder = tmp_path / str(number)
        folder.mkdir()
        engine = run(text.replace("{folder}", str(folder)), folder)["engine"]
        with engine.connect() as connection:
            assert connection.execute(sa.text("SELECT COUNT(*) FROM orders")).scalar() == rows


def test_a_plain_string_is_refused(tmp_path: Path) -> None:
    text = (
        "import sqlalchemy as sa\n\n"
        'with sa.create_engine("sqlite://").connect() as connection:\n    connection.execute("SELECT 1")\n'
    )
    assert Script(text, f"sqlalchemy=={sa.__version__}\n").found("correctness/raw-string-execute")
    with pytest.raises(sa.exc.ObjectNotExecutableError):
        run(text, tmp_path)


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
