"""What pandas' functions and methods give.

https://pandas.pydata.org/docs/reference/ (pandas 2.3 and 3.0; read on the installed packages).
"""

from __future__ import annotations

from typing import Final

from pipesense.lang.python.flow import Library, Made, Step
from pipesense.model.code import ApiChange
from pipesense.model.value import Known
from pipesense.systems.renames import Renamed

FRAME, SERIES, INDEXER, GROUPED, PIECES, OTHER = "frame", "series", "indexer", "grouped", "pieces", "other"

OBJECTS: Final = {
    **dict.fromkeys(("pandas.DataFrame", "pandas.core.frame.DataFrame", "pandas.core.api.DataFrame"), FRAME),
    **dict.fromkeys(("pandas.Series", "pandas.core.series.Series"), SERIES),
}
_MAKES_FRAME: Final = frozenset(
    {
        *("concat", "merge", "merge_asof", "merge_ordered", "pivot", "pivot_table", "melt", "crosstab", "get_dummies"),
        *("json_normalize", "io.json.json_normalize", "wide_to_long", "lreshape", "from_dummies"),
        *("DataFrame.from_dict", "DataFrame.from_records"),
        *("read_sql", "read_sql_query", "read_sql_table", "io.sql.read_sql", "io.sql.read_sql_query"),
    }
)
_SERIES_OF: Final = frozenset({"to_datetime", "to_numeric", "to_timedelta", "cut", "qcut", "isna", "isnull", "notna"})

_FRAME_TO_FRAME: Final = frozenset(
    {
        *(
            "abs",
            "add",
            "add_prefix",
            "add_suffix",
            "align",
            "applymap",
            "asfreq",
            "asof",
            "assign",
            "astype",
            "at_time",
        ),
        *(
            "between_time",
            "bfill",
            "clip",
            "combine",
            "combine_first",
            "convert_dtypes",
            "copy",
            "corr",
            "cov",
            "cummax",
        ),
        *("cummin", "cumprod", "cumsum", "describe", "diff", "div", "drop", "drop_duplicates", "droplevel", "dropna"),
        *("explode", "ffill", "fillna", "filter", "first", "floordiv", "head", "infer_objects", "interpolate", "isin"),
        *("isna", "isnull", "join", "last", "map", "mask", "melt", "merge", "mod", "mode", "mul", "nlargest", "notna"),
        *("notnull", "nsmallest", "pct_change", "pivot", "pivot_table", "pow", "quantile", "query", "rank"),
        *("reindex", "reindex_like", "rename", "rename_axis", "reorder_levels", "replace", "reset_index", "round"),
        *("sample", "select_dtypes", "set_axis", "set_flags", "set_index", "shift", "sort_index", "sort_values"),
        *(
            "stack",
            "sub",
            "swapaxes",
            "swaplevel",
            "tail",
            "take",
            "to_period",
            "to_timestamp",
            "transform",
            "transpose",
        ),
        *("truediv", "truncate", "tz_convert", "tz_localize", "unstack", "update", "where", "xs"),
    }
)
_FRAME_TO_SERIES: Final = frozenset(
    {
        *("all", "any", "count", "duplicated", "eval", "idxmax", "idxmin", "max", "mean", "median", "min", "nunique"),
        *("pop", "prod", "sem", "skew", "std", "sum", "var", "squeeze", "value_counts"),
    }
)
_SERIES_TO_SERIES: Final = (_FRAME_TO_FRAME - {"reset_index", "unstack", "join", "merge", "pivot", "pivot_table"}) | {
    *("between", "unique", "value_counts", "duplicated", "eq", "ne", "lt", "gt", "le", "ge", "factorize", "apply"),
}
_GROUPED_TO_FRAME: Final = frozenset(
    {
        *("agg", "aggregate", "apply", "first", "last", "head", "tail", "sum", "mean", "count", "size", "max", "min"),
        *("median", "nunique", "std", "var", "transform", "filter", "cumsum", "nth", "sample", "rank", "shift", "diff"),
    }
)
_SAME_SHAPE: Final = frozenset({"loc", "iloc", "at", "iat"})


def function(name: str, step: Step) -> Made | None:
    """What a function of the package gives."""
    if name in _MAKES_FRAME or (name.startswith("read_") and name not in ("read_pickle", "read_hdf")):
        return _chunks(step) or Made(FRAME)
    if name in _SERIES_OF:
        first = step.argument("arg", 0)
        return Made(SERIES) if first is not None and first.kind == SERIES else None
    return None


def _chunks(step: Step) -> Made | None:
    """``chunksize`` and ``iterator`` give pieces one by one; a list of sheets gives a dictionary."""
    if any(each.name in ("chunksize", "iterator") for each in step.given):
        return Made(PIECES)
    sheet = step.argument("sheet_name")
    several = sheet is not None and (
        sheet.form in ("list", "name") or (isinstance(sheet.value, Known) and sheet.value.value is None)
    )
    return Made(OTHER) if several or any(each.name == "**" for each in step.given) else None


def operation(step: Step) -> Made | None:
    """What an operation on a value of pandas gives."""
    if step.form == "item":
        return _item(step)
    if step.form == "operator":
        return Made(step.kind) if step.kind in (FRAME, SERIES) else None
    if step.form == "attribute":
        return _attribute(step)
    inplace = step.argument("inplace")
    if inplace is not None and not (isinstance(inplace.value, Known) and inplace.value.value is False):
        return None
    if step.kind == FRAME:
        return _of_frame(step)
    if step.kind == SERIES:
        if step.name in ("to_frame", "reset_index"):
            return Made(FRAME)
        if step.name == "groupby":
            return Made(GROUPED)
        return Made(SERIES) if step.name in _SERIES_TO_SERIES else None
    if step.kind == GROUPED and step.name in _GROUPED_TO_FRAME:
        return Made(FRAME) if "column" not in step.traits else Made(SERIES)
    return None


def _of_frame(step: Step) -> Made | None:
    if step.name in _FRAME_TO_FRAME:
        # A selection by position or by example keeps rows; only ``head`` and its like bound them.
        return Made(FRAME, step.traits | {"bounded"} if step.name in ("head", "tail", "nlargest") else step.traits)
    if step.name in _FRAME_TO_SERIES:
        return Made(SERIES)
    if step.name in ("groupby", "resample", "rolling", "expanding"):
        return Made(GROUPED)
    return None


def _attribute(step: Step) -> Made | None:
    if step.kind == PIECES:
        return {"__iter__": Made(FRAME, frozenset({"piece"})), "__enter__": Made(PIECES)}.get(step.name)
    if step.kind in (FRAME, SERIES):
        if step.name in _SAME_SHAPE:
            return Made(INDEXER, frozenset({step.kind}))
        if step.name == "T":
            return Made(step.kind)
        if step.kind == SERIES and step.name in ("str", "dt", "cat", "values"):
            return Made(OTHER)
        if step.kind == FRAME and step.name not in _OWN and not step.name.startswith(("_", "to_")):
            # A column by its name; what pandas itself calls so comes first.
            return Made(SERIES)
    return None


_OWN: Final = (
    _FRAME_TO_FRAME
    | _FRAME_TO_SERIES
    | {
        *("columns", "index", "shape", "size", "empty", "dtypes", "values", "ndim", "axes", "attrs", "flags", "style"),
        *("plot", "sparse", "hist", "boxplot", "groupby", "resample", "rolling", "expanding", "ewm", "info", "keys"),
        *("items", "iterrows", "itertuples", "insert", "memory_usage", "get", "lookup", "append", "isetitem", "equals"),
        *("last_valid_index", "first_valid_index", "kurt", "kurtosis", "product", "corrwith", "bool", "item"),
    }
)
"""What an attribute of a frame means before a column of that name does."""


def _item(step: Step) -> Made | None:
    key = step.given[0] if step.given else None
    if key is None:
        return None
    if step.kind == FRAME:
        return _of_key(step)
    if step.kind == INDEXER:
        selects = key.form in ("operator", "slice") or key.kind == SERIES
        kind = FRAME if FRAME in step.traits else SERIES
        return Made(kind, frozenset({"selected"})) if selects else None
    if step.kind == GROUPED:
        return Made(GROUPED, frozenset({"column"}) if key.form == "constant" else step.traits)
    return Made(SERIES, frozenset({"selected"})) if key.form in ("operator", "slice") or key.kind == SERIES else None


def _of_key(step: Step) -> Made | None:
    key = step.given[0]
    if isinstance(key.value, Known) and isinstance(key.value.value, str | int):
        return Made(SERIES, frozenset({"column"}))
    if key.form == "list" or (isinstance(key.value, Known) and isinstance(key.value.value, tuple)):
        return Made(FRAME, step.traits | {"selected"})
    if key.kind in (SERIES, FRAME) or key.form in ("slice", "operator"):
        return Made(FRAME, step.traits | {"selected"})
    return None


_TWO: Final = (2, 0)
RENAMED: Final = {
    ("frame", "append"): Renamed(_TWO, "pd.concat([frame, other])"),
    ("series", "append"): Renamed(_TWO, "pd.concat([series, other])"),
    ("frame", "iteritems"): Renamed(_TWO, "items", "items"),
    ("series", "iteritems"): Renamed(_TWO, "items", "items"),
    ("frame", "applymap"): Renamed((2, 1), "map", "map", ApiChange.MOVED),
    ("frame", "swapaxes"): Renamed((2, 1), "transpose or T", "", ApiChange.MOVED),
}
"""https://pandas.pydata.org/docs/whatsnew/v2.0.0.html#removal-of-prior-version-deprecations-changes"""

LIBRARY: Final = Library(
    name="pandas",
    packages=("pandas.",),
    objects=OBJECTS,
    function=function,
    operation=operation,
    endings={"toPandas": FRAME, "get_pandas_df": FRAME, "fetch_pandas_all": FRAME, "fetchdf": FRAME},
    silent=frozenset({OTHER}),
    counts=frozenset({"shape", "empty", "size"}),
)
