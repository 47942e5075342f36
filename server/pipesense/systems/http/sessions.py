"""Sessions that give every request a limit of their own."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Final

from pipesense.lang.python.module import Module
from pipesense.text.regex import regex

_LIMITS: Final = regex(r"(?i)timeout")
_HERE: Final = regex(r"(?i)\.mount\([^\n]*timeout|\bpartial\([^\n]*\btimeout\s*=")
"""An adapter that ends requests, or a limit that is bound to the session's own function."""


def may_limit(module: Module, owner: ast.expr, text: str) -> bool:
    """Whether a session is given a limit: in the function that sends, or in a function of the workspace that makes it.

    ``owner`` is what the request is sent through, ``text`` what stands in the function that sends it.
    """
    if _HERE.search(text):
        return True
    return any(
        _LIMITS.search(maker.module.whole_text(maker.node))
        for call in _made_by(module, owner)
        for maker in module.callables(call.func)
    )


def _made_by(module: Module, owner: ast.expr) -> Iterator[ast.Call]:
    if isinstance(owner, ast.Call):
        yield owner
    elif isinstance(owner, ast.Name):
        yield from (each for each in module.definition(owner) if isinstance(each, ast.Call))
