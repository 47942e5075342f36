"""What rules ask of a script: what runs unconditionally, what it made before, what a task does with its tables."""

from __future__ import annotations

from collections.abc import Sequence

from pipesense.model.data import WRITES, AccessMode, Confidence, DatasetName
from pipesense.model.sql import Script, Statement
from pipesense.rule.context import Context

_FILLS = WRITES - {AccessMode.UPDATE} | {AccessMode.CREATE}


def inside_blocks(script: Script) -> frozenset[int]:
    """The indexes of statements that stand inside another one (IF, loops, procedures): they may not run, or twice."""
    return frozenset(
        inside
        for index, statement in script.numbered("inner")
        for inside in range(index + 1, index + 1 + len(statement.facts.inner))
    )


def mentions(statements: Sequence[Statement], word: str, ctx: Context) -> bool:
    """Whether one of some statements that are not read as a whole holds a word: what it does with it is unknown."""
    folded = word.casefold()
    return any(
        folded in ctx.text(statement.loc).casefold()
        for statement in statements
        if statement.facts.error or statement.facts.unjudged or statement.facts.inner
    )


def same(one: tuple[str, ...], other: tuple[str, ...]) -> bool:
    """Whether two written names may mean one thing: parts that one of them leaves out are no difference."""
    common = min(len(one), len(other))
    return common > 0 and [part.casefold() for part in one[-common:]] == [part.casefold() for part in other[-common:]]


def is_masked(parts: tuple[str, ...]) -> bool:
    """Whether a template makes a part of a name."""
    return any(mark in part for part in parts for mark in ("{", "%", "$", ":"))


def filled_later(statements: Sequence[Statement], target: DatasetName) -> Statement | None:
    """The first of some statements that brings rows into a dataset or makes it anew."""
    return next(
        (
            statement
            for statement in statements
            for access in statement.accesses
            if access.mode in _FILLS and access.dataset.match(target) is not Confidence.NONE
        ),
        None,
    )


def mentions_table(statement: Statement, parts: tuple[str, ...]) -> bool:
    """Whether an ALTER is of a table, or gives another one its name."""
    alter = statement.facts.alter
    return alter is not None and (
        same(alter.parts, parts) or any(same(action.table, parts) for action in alter.actions if action.table)
    )


def runs_as_one(script: Script, ctx: Context) -> bool:
    """Whether what runs the script may wrap it: database hooks do, except for BigQuery's, which sends a job."""
    return script.dialect != "bigquery" and (script.embedded or bool(ctx.runs_of(script)))
