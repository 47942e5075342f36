"""What polars' functions and methods give, and which names it gave up.

https://docs.pola.rs/api/python/stable/; the names were probed on polars 0.19.0, 0.20.31, 1.0.0 and 1.35.2.
"""

from __future__ import annotations

from typing import Final

from pipesense.lang.python.flow import Library, Made, Step
from pipesense.model.code import ApiChange
from pipesense.systems.renames import Renamed

FRAME, LAZY, SERIES, EXPRESSION, GROUPED = ("frame", "lazy frame", "series", "expression", "grouped")

OBJECTS: Final = {
    **dict.fromkeys(("polars.DataFrame", "polars.dataframe.DataFrame", "polars.dataframe.frame.DataFrame"), FRAME),
    **dict.fromkeys(("polars.LazyFrame", "polars.lazyframe.LazyFrame", "polars.lazyframe.frame.LazyFrame"), LAZY),
    **dict.fromkeys(("polars.Series", "polars.series.Series"), SERIES),
    "polars.Expr": EXPRESSION,
}
_EXPRESSIONS: Final = frozenset({"col", "lit", "when", "sum", "mean", "max", "min", "concat_str", "struct", "all"})
_SAME: Final = frozenset(
    {
        *("select", "with_columns", "with_column", "filter", "drop", "rename", "sort", "unique", "drop_nulls", "join"),
        *("fill_null", "fill_nan", "head", "tail", "limit", "slice", "explode", "unpivot", "melt", "pivot", "cast"),
        *("with_row_index", "with_row_count", "join_asof", "reverse", "shift", "sample", "vstack", "hstack", "clone"),
        *("unnest", "top_k", "bottom_k", "gather_every", "sum", "mean", "max", "min", "describe", "transpose", "pipe"),
    }
)
_GROUPS: Final = frozenset({"group_by", "groupby", "group_by_dynamic", "rolling", "groupby_dynamic", "groupby_rolling"})


def function(name: str, step: Step) -> Made | None:
    """What a function of the package gives."""
    if name.startswith("read_"):
        return Made(FRAME)
    if name.startswith("scan_"):
        return Made(LAZY)
    if name == "concat":
        # Of eager or lazy frames: what both know is known.
        return Made(FRAME, frozenset({"perhaps lazy"}))
    if name.startswith("from_"):
        return Made(FRAME)
    return Made(EXPRESSION) if name in _EXPRESSIONS else None


_SPACE: Final = " namespace"
_SPACES: Final = frozenset({"name", "str", "dt", "list", "arr", "struct", "cat", "bin", "meta", "ext"})
"""Attributes that hold methods of their own: ``expr.name.suffix`` is not ``expr.suffix``
(https://docs.pola.rs/api/python/stable/reference/expressions/index.html, 1.34)."""


def operation(step: Step) -> Made | None:
    """What an operation on a value of polars gives."""
    if step.kind in (FRAME, LAZY):
        return _of_frame(step)
    if step.kind in (EXPRESSION, SERIES):
        return Made(step.kind + _SPACE if step.name in _SPACES else step.kind)
    if step.kind.endswith(_SPACE):
        return Made(step.kind.removesuffix(_SPACE))
    if step.kind == GROUPED:
        return Made(LAZY if "lazy" in step.traits else FRAME)
    return None


def _of_frame(step: Step) -> Made | None:
    if step.form == "item":
        key = step.given[0] if step.given else None
        return Made(SERIES) if key is not None and key.form == "constant" else None
    if step.name in _GROUPS:
        return Made(GROUPED, frozenset({"lazy"}) if step.kind == LAZY else frozenset())
    if step.name in ("collect", "fetch"):
        return Made(FRAME)
    if step.name == "lazy":
        return Made(LAZY)
    if step.name in ("get_column", "to_series"):
        return Made(SERIES)
    return Made(step.kind) if step.name in _SAME else None


_ONE: Final = (1, 0)


def _for(kinds: tuple[str, ...], old: str, renamed: Renamed) -> dict[tuple[str, str], Renamed]:
    return {(kind, old): renamed for kind in kinds}


_FRAMES: Final = (FRAME, LAZY)
_VALUES: Final = (EXPRESSION, SERIES)
RENAMED: Final = {
    **_for(_FRAMES, "groupby", Renamed(_ONE, "group_by", "group_by")),
    **_for(_FRAMES, "groupby_dynamic", Renamed(_ONE, "group_by_dynamic", "group_by_dynamic")),
    **_for(_FRAMES, "groupby_rolling", Renamed(_ONE, "rolling")),
    **_for(_FRAMES, "with_column", Renamed((0, 19), "with_columns", "with_columns")),
    **_for(_FRAMES, "melt", Renamed(_ONE, "unpivot (index= for id_vars=, on= for value_vars=)", "", ApiChange.MOVED)),
    **_for(_FRAMES, "with_row_count", Renamed(_ONE, "with_row_index", "", ApiChange.MOVED)),
    **_for((LAZY,), "fetch", Renamed(_ONE, "head(n).collect()", "", ApiChange.MOVED)),
    **_for((FRAME,), "apply", Renamed(_ONE, "map_rows", "map_rows")),
    **_for((FRAME,), "frame_equal", Renamed(_ONE, "equals", "equals")),
    **_for((FRAME,), "find_idx_by_name", Renamed(_ONE, "get_column_index", "get_column_index")),
    **_for((FRAME,), "replace_at_idx", Renamed(_ONE, "replace_column", "replace_column")),
    **_for((LAZY,), "map", Renamed(_ONE, "map_batches", "map_batches")),
    **_for(_VALUES, "apply", Renamed(_ONE, "map_elements", "map_elements")),
    **_for((EXPRESSION,), "map", Renamed(_ONE, "map_batches", "map_batches")),
    **_for(_VALUES, "cumsum", Renamed(_ONE, "cum_sum", "cum_sum")),
    **_for(_VALUES, "cummax", Renamed(_ONE, "cum_max", "cum_max")),
    **_for(_VALUES, "cummin", Renamed(_ONE, "cum_min", "cum_min")),
    **_for(_VALUES, "take", Renamed(_ONE, "gather", "gather")),
    **_for(_VALUES, "is_first", Renamed(_ONE, "is_first_distinct", "is_first_distinct")),
    **_for(_VALUES, "is_last", Renamed(_ONE, "is_last_distinct", "is_last_distinct")),
    **_for((EXPRESSION,), "suffix", Renamed(_ONE, "name.suffix", "name.suffix")),
    **_for((EXPRESSION,), "prefix", Renamed(_ONE, "name.prefix", "name.prefix")),
    **_for((EXPRESSION,), "keep_name", Renamed(_ONE, "name.keep", "name.keep")),
    **_for((EXPRESSION,), "map_alias", Renamed(_ONE, "name.map", "name.map")),
}

LIBRARY: Final = Library(
    name="polars",
    packages=("polars.",),
    objects=OBJECTS,
    function=function,
    operation=operation,
    counts=frozenset({"shape", "height"}),
)
