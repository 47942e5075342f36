"""Arguments that stand for a pattern worth explaining."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Mapping

from pipesense.lang.python.module import Module
from pipesense.model.code import PatternSite

Patterns = Mapping[str, tuple[str, str]]
"""By an argument's name the pattern's page and a sentence about the place, "" where the page says it all."""


def argument_sites(
    module: Module, statement: ast.stmt, patterns: Patterns, is_own: Callable[[ast.Call], bool]
) -> Iterator[PatternSite]:
    """The arguments of a system's own calls in one top-level statement."""
    for site in module.calls_under(statement):
        wanted = [word for word in site.node.keywords if word.arg in patterns]
        if wanted and is_own(site.node):
            for word in wanted:
                pattern, note = patterns[word.arg or ""]
                yield PatternSite(pattern, module.loc(word), note)
