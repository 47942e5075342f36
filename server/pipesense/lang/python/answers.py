"""Answers of a Module about expressions and names: each given once, and what leads back to itself unknown."""

from __future__ import annotations

import ast
from collections.abc import Callable, Hashable
from typing import TYPE_CHECKING, Final, TypeVar

from pipesense.lang.python.link import Recorder

if TYPE_CHECKING:
    from pipesense.lang.python.module import Module

T = TypeVar("T")

_PORTABLE: Final = ("qualified", "value", "bindings", "dictionary")
"""Answers that hold no Module, so that the next link may take them over; of others only that there is nothing."""
_NOTHING: Final = Recorder()
"""What an answer rests on that no other link may take over: its reads are those of this file from the start."""
_DEEPEST: Final = 40
"""So many look-ups, in all files together, may lead to one another before the answer is unknown."""


def alone(
    module: Module, key: tuple[str, Hashable], compute: Callable[[Module, ast.expr], T], expr: ast.expr, cyclic: T
) -> T:
    """``once`` for a file that is linked once: nobody writes down what an answer rests on."""
    if key in module._asked or module._depth > _DEEPEST:
        module._cycles += 1
        return cyclic
    cycles = module._cycles
    module._asked.add(key)
    module._depth += 1
    try:
        found = compute(module, expr)
    finally:
        module._asked.discard(key)
        module._depth -= 1
    if cycles == module._cycles or not module._asked:
        # Whatever led to the question, it led back to nothing that is asked already.
        module._answers[key] = (_NOTHING, found)
    return found


def once(
    module: Module,
    key: tuple[str, Hashable],
    compute: Callable[[], T],
    cyclic: T,
    expr: ast.expr | None = None,
    may_last: Callable[[T], bool] | None = None,
) -> T:
    """Compute once per Module; whoever asks again still records what the answer rests on.

    An answer about ``expr`` is taken over from the last link where nothing that it rests on changed.
    """
    known = module._answers.get(key)
    keeps = module.keeps
    if known is None and keeps and expr is not None:
        known = module._memo.answer(module, key)
        if known is not None:
            module._answers[key] = known
    if known is not None:
        if known[0] is not _NOTHING:
            module.note_all(known[0])
        return known[1]  # type: ignore[return-value]
    if key in module._asked or module._depth > _DEEPEST:
        module._cycles += 1
        return cyclic
    cycles = module._cycles
    recorder = Recorder() if keeps else _NOTHING
    module._asked.add(key)
    module._depth += 1
    if keeps:
        module._recorders.append(recorder)
    try:
        found = compute()
    finally:
        if keeps:
            module._recorders.pop()
            if module._recorders:
                module._recorders[-1].include(recorder)
        module._asked.discard(key)
        module._depth -= 1
    if not (nested := bool(module._asked)) or cycles == module._cycles:
        # An answer given in the middle of a cycle is that cycle's; only complete ones are kept.
        module._answers[key] = (recorder, found)
        if not keeps:
            return found
        lasts = may_last(found) if may_last is not None else not found or key[0] in _PORTABLE
        if expr is not None and lasts and not (nested and not isinstance(expr, ast.Dict)):
            # A dictionary holds nodes, which may be those of another file.
            here = expr if key[1] == id(expr) else None
            module._memo.keep_answer(module, key, here, recorder, found, alone=key[0] == "dictionary")
    return found
