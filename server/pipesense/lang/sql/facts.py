"""Reading one statement: mask, tokenise, parse, lift. The parser is imported when the first statement is read."""

from __future__ import annotations

from dataclasses import replace

from pipesense.lang.sql.client import without_client_words
from pipesense.lang.sql.mask import mask
from pipesense.model.sql import Hole, StatementFacts
from pipesense.text.span import Span


def read_statement(
    text: str, dialect: str, *, holes: tuple[Hole, ...] = (), incremental: bool = True
) -> StatementFacts:
    """What the statement says; ``text`` is its whole unit, leading comments and the ``;`` included.

    ``dialect`` is one of sqlglot's names, "" for the generic one. ``holes`` are stretches that are masked
    already, when the text comes from a string of a program. ``incremental``: see ``mask``.
    Never raises for any text; where it cannot be read, ``error`` says why in a sentence.
    """
    from pipesense.lang.sql.reading import read

    code, command = without_client_words(text)
    if command:
        return StatementFacts(command, dialect, Span(0, len(text)))
    masked = mask(code, incremental=incremental)
    every = masked.holes if not holes else tuple(sorted((*masked.holes, *holes), key=lambda hole: hole.span))
    facts = read(text, masked.text, every, dialect)
    return replace(facts, unsure=True) if masked.unsure else facts
