"""Statements that check data: assertions, and queries that somebody calls a check."""

from __future__ import annotations

import re
from typing import Final

from pipesense.lang.sql.earlier import dataset
from pipesense.model.data import CheckKind, QualityCheck
from pipesense.model.sql import Expr, StatementFacts
from pipesense.model.value import Known
from pipesense.model.where import Loc
from pipesense.text.regex import regex

_KINDS: Final = {
    "completeness": frozenset({CheckKind.NOT_NULL}),
    "uniqueness": frozenset({CheckKind.UNIQUE}),
    "validity": frozenset({CheckKind.RANGE, CheckKind.VALUES}),
    "consistency": frozenset({CheckKind.REFERENCES}),
    "timeliness": frozenset({CheckKind.FRESHNESS}),
    "accuracy": frozenset({CheckKind.RECONCILIATION}),
    "volume": frozenset({CheckKind.ROW_COUNT}),
}
_DIMENSION: Final = regex(rf"--[^\n]*?\b({'|'.join(_KINDS)})[- ]check\b", re.I)
_CALLED: Final = regex(r"--[^\n]*\b(?:(?:quality|data|sanity) (?:check|test)s?|must return (?:no|0) rows)\b", re.I)
_FOLDER: Final = regex(r"checks?|data_?quality|quality|dq|assertions?|(?:data_?)?tests?|audits?", re.I)
_FILE: Final = regex(r"(?:^|[_.-])(?:checks?|quality|dq|asserts?|assertions?)(?:$|[_.-])", re.I)
_WRONG: Final = regex(r"(?:^|_)(?:invalid|violations?|duplicates?|orphans?|wrong|out_of_range)(?:_|$)", re.I)
_RAISES: Final = frozenset({"ERROR", "RAISE_ERROR", "FAIL", "THROWIF", "ASSERT_TRUE"})
"""BigQuery, Spark, Trino and ClickHouse have functions that fail their query."""
_BOUNDS: Final = frozenset({"lt", "gt", "lte", "gte", "between", "not_between"})
_VALUES: Final = frozenset({"in", "not_in", "matches", "not_matches", "like", "not_like"})


def is_check_file(path: str) -> bool:
    """Whether a file's folder or name says that its queries are checks."""
    *folders, name = path.split("/")
    in_folder = bool(folders) and _FOLDER.fullmatch(folders[-1]) is not None
    return in_folder or _FILE.search(name.rpartition(".")[0]) is not None


def is_check(facts: StatementFacts, text: str, *, check_file: bool) -> bool:
    """Whether a statement checks data; ``text`` is the text of its unit, comments included."""
    if facts.error or facts.write is not None or facts.table is not None:
        return False
    if facts.kind == "assert":
        return True
    return facts.kind == "select" and (check_file or _named(facts) or _fails(facts) or _said(facts, text) is not None)


def _named(facts: StatementFacts) -> bool:
    """Whether the query calls what it counts wrong."""
    return any(
        out.aliased and _WRONG.search(out.name) is not None and any(part.op == "count" for part in out.expr.walk())
        for block in facts.blocks
        if block.depth == 0
        for out in block.outputs
    )


def _fails(facts: StatementFacts) -> bool:
    """Whether the query is written to fail: it calls for an error, or divides a number by zero where data is wrong."""
    return any(
        part.name.upper() in _RAISES
        if part.kind == "function"
        else part.op == "div" and part.args[0].kind == "number" and _may_be_zero(part.args[1])
        for block in facts.blocks
        if block.depth == 0
        for out in block.outputs
        for part in out.expr.walk()
    )


def _may_be_zero(expr: Expr) -> bool:
    """Whether a number is written as 0, or as 0 in one of the branches of a condition."""
    if expr.op == "case":
        results = [part.args[-1] if part.op == "when" and part.args else part for part in expr.args]
        return any(_may_be_zero(each) for each in results)
    if expr.op == "if":
        return any(_may_be_zero(each) for each in expr.args[1:])
    return expr.kind == "number" and expr.op == "literal" and expr.name == "0"


def _said(facts: StatementFacts, text: str) -> re.Match[str] | None:
    """The words that call the query a check, in the comments before it."""
    head = text[: facts.span.start]
    if "--" not in head:
        return None
    return _DIMENSION.search(head) or _CALLED.search(head)


def quality_checks(
    facts: StatementFacts, loc: Loc, text: str, by: str, *, check_file: bool
) -> tuple[QualityCheck, ...]:
    """The checks that a statement makes: of the first table that it reads, and what it is compared with.

    ``loc`` is the statement's unit; ``by`` says who checks.
    """
    if not facts.reads or not is_check(facts, text, check_file=check_file):
        return ()
    named = _DIMENSION.search(text[: facts.span.start])
    kinds = _KINDS[named.group(1).lower()] if named else frozenset({_kind(facts)})
    found: list[QualityCheck] = []
    first, place = facts.reads[0]
    for parts in dict.fromkeys(each for each, _ in facts.reads):
        name = dataset(parts)
        both = kinds & {CheckKind.REFERENCES, CheckKind.RECONCILIATION}
        if name is not None and (parts == first or both):
            columns = _columns(facts, parts)
            found.append(QualityCheck(kinds, Known(name), columns, by, loc.at(place)))
    return tuple(found)


def _columns(facts: StatementFacts, parts: tuple[str, ...]) -> tuple[str, ...]:
    """The columns of a table that a query looks at."""
    sources = [
        each
        for block in facts.blocks
        for each in (*block.sources, *(join.source for join in block.joins))
        if each.kind == "table" and each.parts == parts
    ]
    aliases = {each.alias for each in sources}
    alone = sum(len(block.sources) + len(block.joins) for block in facts.blocks) == 1
    used = (use for use in facts.columns if use.source in aliases or (alone and use.source is None))
    return tuple(dict.fromkeys(use.path[-1] for use in used))


def _kind(facts: StatementFacts) -> CheckKind:
    """What a check looks at, told from its shape."""
    ops = {comparison.op for comparison in facts.comparisons}
    calls = {part.op for block in facts.blocks for root in block.having for part in root.walk()}
    outputs = {part.op for block in facts.blocks for out in block.outputs for part in out.expr.walk()}
    if any(block.group for block in facts.blocks) and "count" in calls:
        return CheckKind.UNIQUE
    if any(block.depth > 0 for block in facts.blocks) and len({parts for parts, _ in facts.reads}) > 1:
        return CheckKind.REFERENCES
    if "max" in outputs | calls:
        return CheckKind.FRESHNESS
    if "is" in ops:
        return CheckKind.NOT_NULL
    if ops & _VALUES:
        return CheckKind.VALUES
    if "count" in outputs | calls and not facts.columns:
        return CheckKind.ROW_COUNT
    return CheckKind.RANGE if ops & _BOUNDS and not calls else CheckKind.CUSTOM
