"""Answers of a Module about expressions and names: each given once, and what leads back to itself unknown."""

from __future__ import annotations

import ast
from collections.abc import Callable, Hashable
from typing import TYPE_CHECKING, Final, TypeVar

from pipesense.lang.python.link import LinkMemo, Recorder

if TYPE_CHECKING:
    from pipesense.lang.python.module import Module

T = TypeVar("T")

_PORTABLE: Final = ("qualified", "value", "bindings", "dictionary")
"""Answers that hold no Module, so that the next link may take them over; of others only that there is nothing."""
_NOTHING: Final = Recorder()
"""What an answer rests on that no other link may take over: its reads are those of this file from the start."""
_DEEPEST: Final = 40
"""So many look-ups, in all files together, may lead to one another before the answer is unknown."""


class Answers:
    """What a Module answered so far, and what it is asked right now.

    Attributes:
        given: each answer with what it rests on.
        asked: the questions that are being answered, each on behalf of another.
        depth: how many look-ups, in all files together, led to the one that is going on.
        cycles: how many led back to themselves.
        memo: results of earlier links.
        recorders: whoever writes down what is asked, the last one first; the Module's own list.
    """

    __slots__ = ("asked", "cycles", "depth", "given", "memo", "recorders")

    def __init__(self, memo: LinkMemo, recorders: list[Recorder]) -> None:
        self.given: dict[tuple[str, Hashable], tuple[Recorder, object]] = {}
        self.asked: set[tuple[str, Hashable]] = set()
        self.depth = self.cycles = 0
        self.memo = memo
        self.recorders = recorders


def alone(
    module: Module,
    answers: Answers,
    key: tuple[str, Hashable],
    compute: Callable[[Module, ast.expr], T],
    expr: ast.expr,
    cyclic: T,
) -> T:
    """``once`` for a file that is linked once: nobody writes down what an answer rests on."""
    if key in answers.asked or answers.depth > _DEEPEST:
        answers.cycles += 1
        return cyclic
    cycles = answers.cycles
    answers.asked.add(key)
    answers.depth += 1
    try:
        found = compute(module, expr)
    finally:
        answers.asked.discard(key)
        answers.depth -= 1
    if cycles == answers.cycles or not answers.asked:
        # Whatever led to the question, it led back to nothing that is asked already.
        answers.given[key] = (_NOTHING, found)
    return found


def once(
    module: Module,
    answers: Answers,
    key: tuple[str, Hashable],
    compute: Callable[[], T],
    cyclic: T,
    expr: ast.expr | None = None,
    may_last: Callable[[T], bool] | None = None,
) -> T:
    """Compute once per Module; whoever asks again still records what the answer rests on.

    An answer about ``expr`` is taken over from the last link where nothing that it rests on changed.
    """
    known = answers.given.get(key)
    keeps = module.keeps
    if known is None and keeps and expr is not None:
        known = answers.memo.answer(module, key)
        if known is not None:
            answers.given[key] = known
    if known is not None:
        if known[0] is not _NOTHING:
            module.note_all(known[0])
        return known[1]  # type: ignore[return-value]
    if key in answers.asked or answers.depth > _DEEPEST:
        answers.cycles += 1
        return cyclic
    cycles = answers.cycles
    recorder = Recorder() if keeps else _NOTHING
    answers.asked.add(key)
    answers.depth += 1
    if keeps:
        answers.recorders.append(recorder)
    try:
        found = compute()
    finally:
        if keeps:
            answers.recorders.pop()
            if answers.recorders:
                answers.recorders[-1].include(recorder)
        answers.asked.discard(key)
        answers.depth -= 1
    if not (nested := bool(answers.asked)) or cycles == answers.cycles:
        # An answer given in the middle of a cycle is that cycle's; only complete ones are kept.
        answers.given[key] = (recorder, found)
        if not keeps:
            return found
        lasts = may_last(found) if may_last is not None else not found or key[0] in _PORTABLE
        if expr is not None and lasts and not (nested and not isinstance(expr, ast.Dict)):
            # A dictionary holds nodes, which may be those of another file.
            here = expr if key[1] == id(expr) else None
            answers.memo.keep_answer(module, key, here, recorder, found, alone=key[0] == "dictionary")
    return found
