"""Edges between layers, of SQL statements and of the code of tasks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from pipesense.model.data import WRITES, Access, AccessMode
from pipesense.model.flow import Pipeline
from pipesense.model.layers import Layered
from pipesense.model.sql import Statement
from pipesense.rule.context import Context


class Edge(NamedTuple):
    """Rows go from the dataset ``read``, in layer ``low``, to ``write``, in layer ``high``."""

    read: Access
    low: Layered
    write: Access
    high: Layered


def edges(fact: Statement | Pipeline, ctx: Context) -> Iterator[Edge]:
    """The edges between datasets of different layers, where the workspace has a silver layer; outside dbt.

    A statement fills what it writes from what it reads. Code that touches one dataset to read and one to write does,
    too; where it touches more, nobody can tell here which rows go where.
    """
    if isinstance(fact, Statement):
        if fact.facts.kind != "select" and not fact.facts.error:
            yield from _between(fact.accesses, ctx)
        return
    for task in fact.tasks:
        own = [each for each in task.accesses if each.call and each.loc.file == fact.loc.file]
        if len({each.dataset for each in own if each.mode is AccessMode.READ}) == 1 and len(own) == len(task.accesses):
            yield from _between(own, ctx)


def _between(accesses: Iterable[Access], ctx: Context) -> Iterator[Edge]:
    lasting = [each for each in accesses if not each.temporary]
    written = {each.dataset: each for each in lasting if each.mode in WRITES or each.mode is AccessMode.CREATE}
    if len(written) != 1:
        return
    ((target, write),) = written.items()
    high = ctx.layer(target)
    if high is None:
        return
    for read in (each for each in lasting if each.mode is AccessMode.READ and each.dataset != target):
        low = ctx.layer(read.dataset)
        if low is not None and low.rank != high.rank and ctx.layered:
            yield Edge(read, low, write, high)
