"""How many digits behind the point a column's values have, as far as the workspace's SQL shows them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from pipesense.model.sql import Expr, Statement, Write
from pipesense.rule.context import Context
from pipesense.text.regex import regex
from pipesense_rules import queries

_DECIMALS: Final = regex(r"[-+]?\d*\.(\d+)")
_OF_TYPE: Final = regex(r"(?:DECIMAL|NUMERIC|NUMBER)\(\d+,\s*(\d+)\)")
_PART: Final = regex(r"'(?:[^']|'')*'|\"[^\"]*\"|--[^\n]*|/\*.*?\*/|[(),]|[^\s'\"(),]+", re.S)


def in_type(written: str) -> Iterator[int]:
    """The digits behind the point that a type in upper case keeps."""
    found = _OF_TYPE.fullmatch(written)
    if found is not None:
        yield int(found[1])


def in_value(expr: Expr) -> Iterator[int]:
    """The digits that a value has: of a number as written, of what rounds it."""
    if expr.op == "neg" and expr.args:
        yield from in_value(expr.args[0])
    elif expr.op == "literal" and expr.kind == "number":
        yield from _written(expr.name)
    elif expr.op == "round" and len(expr.args) > 1 and expr.args[1].name.isdigit():
        yield int(expr.args[1].name)
    elif expr.op == "cast":
        yield from in_type(expr.kind)


def of_column(name: str, table: Sequence[str], statement: Statement, ctx: Context) -> Iterator[int]:
    """The digits that one statement shows of a column of a table whose columns are ``table``."""
    facts = statement.facts
    for comparison in facts.comparisons:
        sides = (comparison.left, *comparison.right)
        if any(_is(side, name) for side in sides):
            for side in sides:
                yield from in_value(side)
    for block in facts.blocks:
        for output in block.outputs:
            for part in output.expr.walk():
                if part.op == "round" and any(_is(column, name) for column in queries.columns(*part.args[:1])):
                    yield from in_value(part)
    if facts.write is not None:
        yield from _written_to(name, table, facts.write, statement, ctx)


def _written_to(name: str, table: Sequence[str], write: Write, statement: Statement, ctx: Context) -> Iterator[int]:
    for assigned, value in write.assignments:
        if assigned.casefold() == name:
            yield from in_value(value)
    at = next((at for at, each in enumerate(write.columns or table) if each.casefold() == name), None)
    if write.verb != "insert" or at is None:
        return
    if write.source is not None and at < len(write.source.outputs):
        yield from in_value(write.source.outputs[at].expr)
    if write.values:
        for row in _rows(ctx.text(statement.loc)):
            yield from _written(row[at]) if at < len(row) else ()


def _written(number: str) -> Iterator[int]:
    found = _DECIMALS.fullmatch(number)
    if found is not None:
        yield len(found[1])


def _is(expr: Expr, name: str) -> bool:
    return expr.op == "column" and queries.last_name(expr).casefold() == name


def _rows(text: str) -> Iterator[list[str]]:
    """The values of VALUES, row by row; one that is more than a word is "" there."""
    parts = (part[0] for part in _PART.finditer(text) if not part[0].startswith(("--", "/*")))
    for part in parts:
        if part.upper() == "VALUES":
            yield from _bracketed(parts)


def _bracketed(parts: Iterable[str]) -> Iterator[list[str]]:
    depth, row = 0, [""]
    for part in parts:
        if part == "(":
            depth += 1
            row = [""] if depth == 1 else [*row[:-1], ""]
        elif part == ")":
            depth -= 1
            if not depth:
                yield row
        elif part == "," and depth == 1:
            row.append("")
        elif depth == 1:
            row[-1] = part if not row[-1] else ""
        elif not depth and part != ",":
            return
