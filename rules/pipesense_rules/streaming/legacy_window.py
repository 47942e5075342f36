"""A window over time stands in GROUP BY as a function of its own."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from pipesense.model.change import Replace, Rewrite
from pipesense.model.sql import Block, Expr, Script, Source, Statement
from pipesense.model.stream import TimeWindow, WindowKind
from pipesense.rule.context import Context
from pipesense.rule.finding import Applicability, Finding, Offer
from pipesense.rule.meta import Message, RuleMeta, Severity
from pipesense.rule.rule import rule
from pipesense.text.span import Span
from pipesense_rules import streams

_SIZES: Final = {WindowKind.TUMBLE: 1, WindowKind.HOP: 2}
_BOUNDS: Final = {"START": "window_start", "END": "window_end", "ROWTIME": "window_time"}

META = RuleMeta(
    id="streaming/legacy-window",
    wants=Script,
    pattern="time-windows",
    since="0.1",
    messages={
        "group": Message(
            Severity.INFO,
            "{word} in GROUP BY is the old form of a window over time.",
            "Flink calls it deprecated: it knows no cumulating windows, and its results cannot be joined, ranked or "
            "grouped again window by window.",
            "Read FROM TABLE({word}(TABLE ..., DESCRIPTOR({column}), ...)) and group by window_start and window_end.",
        ),
    },
)


@rule(META)
def legacy_window(script: Script, ctx: Context) -> Iterator[Finding]:
    """At the function."""
    for statement in script.having("stream"):
        use = statement.facts.stream
        for window in use.windows if use is not None and not statement.facts.error else ():
            if window.legacy:
                yield ctx.finding(
                    "group",
                    at=statement.at(window.span),
                    subject=(statement, window),
                    word=window.kind.name,
                    column=window.column[-1],
                )


@legacy_window.fix
def use_table_function(finding: Finding, subject: tuple[Statement, TimeWindow], ctx: Context) -> Offer | None:
    """The window table function, where one table is read and every use of the window has a column to stand for it."""
    statement, window = subject
    block = _around(statement, window.span)
    if block is None or len(block.sources) != 1 or block.joins or len(window.sizes) != _SIZES.get(window.kind):
        return None
    source = block.sources[0]
    if source.kind != "table" or source.reshaped or source.as_of is not None or source.name_span is None:
        return None
    if any(block.span.start <= each.start < block.span.end for each in _others(statement, window)):
        return None
    if _has_such_columns(block, window):
        return None
    calls = _calls(block, window, statement, ctx)
    if calls is None:
        return None
    name = ctx.text(statement.at(source.name_span))
    column = ctx.text(statement.at(window.column_span)).rpartition(".")[2]
    function = f"TABLE({window.kind.name}(TABLE {name}, DESCRIPTOR({column}), {', '.join(window.sizes)}))"
    if source.span == source.name_span and _is_qualified(block, source):
        function += f" AS {source.alias}"
    parts = [
        Replace(statement.at(source.name_span), function),
        Replace(statement.at(window.span), "window_start, window_end"),
    ]
    parts += [Replace(statement.at(span), text) for span, text in calls]
    return Offer(f"Read from TABLE({window.kind.name}(...))", Rewrite(tuple(parts)), Applicability.UNSAFE)


def _has_such_columns(block: Block, window: TimeWindow) -> bool:
    """Whether the table has columns of the names that the table function adds."""
    tops = [*(output.expr for output in block.outputs), *block.where, *block.group, *block.having]
    read = {part.path[-1].lower() for top in tops for part in top.walk() if part.op == "column" and part.path}
    return not streams.WINDOW_COLUMNS.isdisjoint(read | {window.column[-1].lower()})


def _around(statement: Statement, span: Span) -> Block | None:
    """The innermost query around a place."""
    found = [each for each in statement.facts.blocks if each.span.start <= span.start and span.end <= each.span.end]
    return min(found, key=lambda each: each.span.end - each.span.start, default=None)


def _others(statement: Statement, window: TimeWindow) -> list[Span]:
    use = statement.facts.stream
    return [each.span for each in (use.windows if use is not None else ()) if each is not window]


def _calls(block: Block, window: TimeWindow, statement: Statement, ctx: Context) -> list[tuple[Span, str]] | None:
    """TUMBLE_START and its like with the columns that stand for them; None where one has none."""
    found: list[tuple[Span, str]] = []
    tops = [output.expr for output in block.outputs] + list(block.having) + list(block.order)
    for expr in (part for top in tops for part in top.walk()):
        word, _, bound = expr.name.upper().partition("_")
        if word != window.kind.name or not bound or expr.op == "column":
            continue
        if bound not in _BOUNDS or not _same(expr, window, statement, ctx):
            return None
        found.append((expr.span, _BOUNDS[bound]))
    return found


def _same(expr: Expr, window: TimeWindow, statement: Statement, ctx: Context) -> bool:
    """Whether a call has the arguments of the window itself."""
    mine = ctx.text(statement.at(expr.span)).partition("(")[2]
    its = ctx.text(statement.at(window.span)).partition("(")[2]
    return "".join(mine.split()).casefold() == "".join(its.split()).casefold()


def _is_qualified(block: Block, source: Source) -> bool:
    """Whether a column is written with the table's name."""
    tops = [*(output.expr for output in block.outputs), *block.where, *block.group, *block.having]
    return any(
        part.op == "column" and len(part.path) > 1 and part.path[0] == source.alias
        for top in tops
        for part in top.walk()
    )
