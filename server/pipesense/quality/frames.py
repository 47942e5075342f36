"""Quality checks on a frame before it is written: a schema of pandera, a suite of Great Expectations 1.x, or one
aggregate of Spark or polars. What needs another table cannot be asked of a frame alone, and is left to checks behind
the load.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum
from textwrap import indent
from typing import Final

from pipesense.model.quality import (
    Ask,
    CheckPlan,
    Fresh,
    HasRows,
    Holds,
    InOrder,
    InRange,
    Matches,
    NotNull,
    OneOf,
    ProposedCheck,
    Unique,
)
from pipesense.quality.dialects import EXPRESSIONS
from pipesense.quality.gx import expectation, literal, quoted
from pipesense.quality.naming import label
from pipesense.quality.propose import by_dimension
from pipesense.quality.sql import Writer


class Style(Enum):
    """With what a frame is checked; the values are package names."""

    PANDERA = "pandera"
    GX = "great_expectations"
    SPARK = "pyspark"
    POLARS = "polars"


_WIDTH: Final = 100
"""A line of code that would be longer is written over several."""

_OF_ONE_FRAME = (NotNull, Unique, InRange, Matches, OneOf, InOrder, Fresh, HasRows)


def askable(plan: CheckPlan, style: Style) -> tuple[ProposedCheck, ...]:
    """The checks of a plan that the frame itself can answer, by dimension."""
    kinds: tuple[type, ...] = _OF_ONE_FRAME
    if style is Style.SPARK:
        kinds = (*kinds, Holds)
    elif style in (Style.GX, Style.POLARS):
        # Whether a column holds times or texts is not known here, and neither makes the one of the other.
        kinds = tuple(kind for kind in kinds if kind is not Fresh)
    return tuple(check for _, checks in by_dimension(plan.checks) for check in checks if isinstance(check.ask, kinds))


# --- Spark -----------------------------------------------------------------------------------------


def spark_lines(plan: CheckPlan, frame: str, stem: str) -> list[str]:
    """Statements that count what is wrong in one pass over ``frame``, and raise. Spark 3.0 and later.

    https://spark.apache.org/docs/latest/api/sql/index.html#count_if
    """
    lines = [f"{stem} = {{"]
    for check in askable(plan, Style.SPARK):
        lines += [f"    # {_why(check)}", f'    "{label(check.ask)}": {quoted(_aggregate(check.ask))},']
    lines += [
        "}",
        *_in_width(
            f"{stem}_found = {frame}.selectExpr(",
            f'*(f"{{count}} AS {{name}}" for name, count in {stem}.items())',
            ").first()",
        ),
        f"failed_{stem} = [name for name in {stem} if {stem}_found[name]]",
        f"if failed_{stem}:",
        f'    raise ValueError(f"{plan.dataset} fails its checks: {{failed_{stem}}}")',
    ]
    return lines


def _in_width(head: str, inside: str, tail: str) -> list[str]:
    """A call in one line, or over three where that line would be too long."""
    line = f"{head}{inside}{tail}"
    return [line] if len(line) <= _WIDTH else [head, f"    {inside}", tail]


def _aggregate(ask: Ask) -> str:
    """What is wrong, as a number, in Spark's SQL; a missing value is wrong only where that is what is asked."""
    match ask:
        case NotNull():
            return f"count_if({_tick(ask.column)} IS NULL)"
        case Unique():
            listed = ", ".join(map(_tick, ask.columns))
            there = " AND ".join(f"{_tick(column)} IS NOT NULL" for column in ask.columns)
            return f"count_if({there}) - count(DISTINCT {listed})"
        case InRange():
            column = _tick(ask.column)
            sides = [f"{column} < {ask.minimum}"] if ask.minimum else []
            sides += [f"{column} > {ask.maximum}"] if ask.maximum else []
            return f"count_if({' OR '.join(sides)})"
        case Matches():
            return f"count_if({_tick(ask.column)} NOT RLIKE '^{EXPRESSIONS[ask.pattern]}$')"
        case OneOf():
            return f"count_if({_tick(ask.column)} NOT IN ({', '.join(ask.values)}))"
        case InOrder():
            return f"count_if({_tick(ask.first)} > {_tick(ask.second)})"
        case Holds():
            return f"count_if(NOT ({ask.condition}))"
        case Fresh():
            limit = f"current_timestamp() - INTERVAL {ask.hours} HOURS"
            limit = f"to_date({limit})" if ask.whole_days else limit
            return f"if(max({_tick(ask.column)}) < {limit}, 1, 0)"
        case _:
            return "if(count(*) = 0, 1, 0)"


def _tick(name: str) -> str:
    return name if name.isidentifier() else f"`{name}`"


# --- polars ----------------------------------------------------------------------------------------


def polars_lines(plan: CheckPlan, frame: str, stem: str, package: str) -> list[str]:
    """Statements that ask ``frame`` in one query what is wrong, and raise. polars 1.0 and later.

    https://docs.pola.rs/api/python/stable/reference/expressions/api/polars.Expr.any.html (missing values are ignored)
    """
    lines = [f"{stem} = {{"]
    for check in askable(plan, Style.POLARS):
        lines += [f"    # {_why(check)}", f'    "{label(check.ask)}": {_wrong(check.ask, package)},']
    lines += [
        "}",
        f"failed_{stem} = [name for name, wrong in {frame}.select(**{stem}).row(0, named=True).items() if wrong]",
        f"if failed_{stem}:",
        f'    raise ValueError(f"{plan.dataset} fails its checks: {{failed_{stem}}}")',
    ]
    return lines


def _wrong(ask: Ask, package: str) -> str:
    """Whether something is wrong, as an expression of polars."""

    def column(name: str) -> str:
        return f"{package}.col({quoted(name)})"

    match ask:
        case NotNull():
            return f"{column(ask.column)}.is_null().any()"
        case Unique() if len(ask.columns) == 1:
            return f"{column(ask.columns[0])}.drop_nulls().is_duplicated().any()"
        case Unique():
            listed = ", ".join(map(quoted, ask.columns))
            there = f"{package}.all_horizontal({package}.col({listed}).is_not_null())"
            return f"{package}.struct({listed}).filter({there}).is_duplicated().any()"
        case InRange():
            sides = [f"({column(ask.column)} < {ask.minimum})"] if ask.minimum else []
            sides += [f"({column(ask.column)} > {ask.maximum})"] if ask.maximum else []
            return f"({' | '.join(sides)}).any()" if len(sides) > 1 else f"{sides[0]}.any()"
        case Matches():
            return f"(~{column(ask.column)}.str.contains({quoted(f'^{EXPRESSIONS[ask.pattern]}$')})).any()"
        case OneOf():
            return f"(~{column(ask.column)}.is_in([{', '.join(map(literal, ask.values))}])).any()"
        case InOrder():
            return f"({column(ask.first)} > {column(ask.second)}).any()"
        case _:
            return f"{package}.len() == 0"


# --- pandera ---------------------------------------------------------------------------------------


def pandera_schema(plan: CheckPlan, package: str, pandas: str) -> str:
    """A DataFrameSchema as an expression; ``package`` and ``pandas`` are the modules' names in the file.

    https://pandera.readthedocs.io/en/stable/dataframe_schemas.html; read on pandera 0.26.
    """
    checks = askable(plan, Style.PANDERA)
    columns: dict[str, list[ProposedCheck]] = {}
    whole: list[str] = []
    together: list[str] = []
    for check in checks:
        ask = check.ask
        if isinstance(ask, Unique) and len(ask.columns) > 1:
            together.append(f"# {_why(check)}\nunique=[{', '.join(map(quoted, ask.columns))}],")
        elif isinstance(ask, InOrder):
            first, second = (f"frame[{quoted(name)}]" for name in (ask.first, ask.second))
            body = f"lambda frame: ~({first} > {second})"
            whole.append(f'# {_why(check)}\n{package}.Check({body}, error="{label(ask)}"),')
        elif isinstance(ask, HasRows):
            whole.append(f'# {_why(check)}\n{package}.Check(lambda frame: len(frame) > 0, error="{label(ask)}"),')
        else:
            columns.setdefault(check.columns[0], []).append(check)
    lines = [f"{package}.DataFrameSchema("]
    lines += ["    {", *_columns(columns, package, pandas), "    },"] if columns else ["    {},"]
    if whole:
        lines += ["    checks=[", *(indent(each, " " * 8) for each in whole), "    ],"]
    # A schema takes one list of columns that are unique together.
    lines += [indent(each, " " * 4) for each in together[:1]]
    return "\n".join([*lines, ")"])


def _columns(columns: dict[str, list[ProposedCheck]], package: str, pandas: str) -> Iterable[str]:
    for name, checks in columns.items():
        asks = [check.ask for check in checks]
        words = [] if any(isinstance(ask, NotNull) for ask in asks) else ["nullable=True"]
        words += ["unique=True"] if any(isinstance(ask, Unique) for ask in asks) else []
        made = [text for ask in asks if (text := _check(ask, package, pandas))]
        if len(made) == 1:
            words.insert(0, f"checks={made[0]}")
        elif made:
            words.insert(0, f"checks=[{', '.join(made)}]")
        for check in checks:
            yield f"        # {_why(check)}"
        yield f"        {quoted(name)}: {package}.Column({', '.join(words)}),"


def _check(ask: Ask, package: str, pandas: str) -> str:
    match ask:
        case InRange() if ask.minimum and ask.maximum:
            return f"{package}.Check.in_range({ask.minimum}, {ask.maximum})"
        case InRange():
            return f"{package}.Check.ge({ask.minimum})" if ask.minimum else f"{package}.Check.le({ask.maximum})"
        case Matches():
            return f"{package}.Check.str_matches({quoted(f'^{EXPRESSIONS[ask.pattern]}$')})"
        case OneOf():
            return f"{package}.Check.isin([{', '.join(map(literal, ask.values))}])"
        case Fresh():
            times = f"{pandas}.to_datetime(column)"
            limit = f"{pandas}.Timestamp.now(tz={times}.dt.tz) - {pandas}.Timedelta(hours={ask.hours})"
            limit = f"({limit}).normalize()" if ask.whole_days else limit
            return f'{package}.Check(lambda column: {times}.max() >= {limit}, error="{label(ask)}")'
        case _:
            return ""


# --- Great Expectations ----------------------------------------------------------------------------


def gx_lines(plan: CheckPlan, frame: str, stem: str, package: str) -> list[str]:
    """Statements that hold a frame of pandas against a suite, and raise."""
    writer = Writer(plan)
    name = str(plan.dataset)
    lines = [f"{stem} = {package}.ExpectationSuite(", f"    name={quoted(name)},", "    expectations=["]
    for check in askable(plan, Style.GX):
        made = expectation(check, writer).replace("gxe.", f"{package}.expectations.")
        lines.append(indent(f"# {_why(check)}\n{made},", " " * 8))
    lines += [
        "    ],",
        ")",
        f'{stem}_batch = {package}.get_context(mode="ephemeral").data_sources.pandas_default.read_dataframe({frame})',
        f"{stem}_result = {stem}_batch.validate({stem})",
        f"if not {stem}_result.success:",
        f'    raise ValueError(f"{name} fails its checks: {{{stem}_result}}")',
    ]
    return "\n".join(lines).split("\n")


def _why(check: ProposedCheck) -> str:
    return f"{check.dimension.value}: {' '.join(check.reason.split())}"
