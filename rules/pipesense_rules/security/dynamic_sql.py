"""SQL is put together from texts and values, so a value can become SQL."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from pipesense.model.sql import Comparison, Expr, Hole, StatementFacts
from pipesense.rule.context import Context
from pipesense.rule.finding import Finding
from pipesense.rule.meta import PRODUCTION, Message, RuleMeta, Scope, Severity
from pipesense.rule.rule import rule
from pipesense.text.regex import regex

META = RuleMeta(
    id="security/dynamic-sql",
    wants=StatementFacts,
    pattern="parameterised-sql",
    since="0.1",
    roles=PRODUCTION,
    scope=Scope.UNIT,
    messages={
        "value": Message(
            Severity.ERROR,
            "{value} is pasted into the SQL that is run here, as a value.",
            "A quote in it ends the text, and what follows runs as SQL with the rights of this session.",
            "Leave a parameter in the text (? or :name) and pass the value with USING or as an argument.",
        ),
        "name": Message(
            Severity.WARNING,
            "{value} is pasted into the SQL that is run here, as a name or a piece of the statement.",
            "Whoever decides what {value} holds decides what this session runs.",
            "Quote it as an identifier (QUOTENAME, quote_ident, %I), or look it up in a list of what is allowed.",
        ),
        "given": Message(
            Severity.WARNING,
            "{value} comes with the run and is pasted into the SQL as a value.",
            "Whoever may start the run with settings of their own can end the text with a quote and go on in SQL.",
            "Pass it as a parameter of the query (parameters=..., %s), which the driver keeps apart from the text.",
        ),
        "pasted": Message(
            Severity.HINT,
            "{value} is pasted into the SQL as a value.",
            "A quote in it changes the statement.",
            "Pass it as a parameter of the query.",
        ),
    },
)

_BUILDS: Final = frozenset({"concat", "add", "concat_ws"})
_VALUE_BEFORE: Final = regex(r"(?:=|<>|!=|<|>|'|\"|\bLIKE|\bIN\s*\(|\bVALUES\s*\(|\bBETWEEN)\s*\Z", re.IGNORECASE)
_SAFE_FORMAT: Final = regex(r"%(?:\d+\$)?[IL]")
_ANY_FORMAT: Final = regex(r"%(?:\d+\$)?[a-zA-Z]")
_NUMBER: Final = regex(r"(?:^|_)(?:id|num|number|nr|count|cnt|year|month|day)\Z|[a-z](?:Id|Num|Count)\Z|\A[nN]um_")
_GIVEN: Final = regex(r"\b(?:conf|dag_run|params|request|argv|payload|user_input|form)\b|\binput\(")


@rule(META)
def dynamic_sql(facts: StatementFacts, ctx: Context) -> Iterator[Finding]:
    """At the value that is pasted in, or at the comparison that holds it."""
    command = facts.command
    if command is not None and command.dynamic is not None:
        yield from _built(command.dynamic, ctx)
    holes = [hole for hole in facts.holes if hole.kind == "fstring"]
    for comparison in facts.comparisons if holes else ():
        hole = _value_of(comparison, holes)
        if hole is not None:
            name = hole.text.strip("{}")
            yield ctx.finding("given" if _GIVEN.search(name) else "pasted", at=comparison.span, value=name)


def _built(text: Expr, ctx: Context) -> Iterator[Finding]:
    """The first thing in a text that is no text and is not quoted."""
    if (text.op == "function" and text.name.lower() == "format") or text.op == "format":
        yield from _formatted(text, ctx)
        return
    before = ""
    for part in _pieces(text):
        if part.op == "literal":
            before = part.name
            continue
        if part.op == "parameter" or (part.op == "column" and not part.opaque):
            if text.op == "concat" and ctx.dialect != "bigquery" and _is_number(part, before):
                before = "0"
                continue
            variant = "value" if _VALUE_BEFORE.search(before) else "name"
            yield ctx.finding(variant, at=part.span, value=_name(part))
            return


def _is_number(part: Expr, before: str) -> bool:
    """Whether what ``||`` pastes in, without quotes, is named like a number.

    It takes numbers as they are, on all engines but BigQuery; ``+`` takes texts alone.
    """
    return not before.endswith(("'", '"')) and _NUMBER.search(part.name) is not None


def _formatted(call: Expr, ctx: Context) -> Iterator[Finding]:
    """FORMAT: %I and %L quote, %s does not."""
    if len(call.args) < 2 or call.args[0].op != "literal" or call.args[0].opaque:
        return
    fields = list(_ANY_FORMAT.finditer(call.args[0].name))
    for field, value in zip(fields, call.args[1:], strict=False):
        if _SAFE_FORMAT.fullmatch(field[0]) or value.op not in ("column", "parameter"):
            continue
        variant = "value" if _VALUE_BEFORE.search(call.args[0].name[: field.start()]) else "name"
        yield ctx.finding(variant, at=value.span, value=_name(value))
        return


def _pieces(text: Expr) -> Iterator[Expr]:
    """The parts of a concatenation in order; a text alone, or a variable alone, is none."""
    if text.op not in _BUILDS:
        return
    for arg in text.args:
        inner = list(_pieces(arg))
        yield from inner or (arg,)


def _name(part: Expr) -> str:
    return ".".join(part.path) if part.path else f"@{part.name}" if part.op == "parameter" else part.name


def _value_of(comparison: Comparison, holes: list[Hole]) -> Hole | None:
    """The hole that is a value of the comparison, alone or between quotes."""
    for part in comparison.right:
        if part.op == "literal" and part.kind == "string" and part.opaque:
            inside = [hole for hole in holes if part.span.start < hole.span.start and hole.span.end < part.span.end]
            if inside:
                return inside[0]
    return None
