"""Reading one statement: mask, tokenise, parse, lift. The parser is imported when the first statement is read."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Final

from pipesense.lang.sql.blocks import inside
from pipesense.lang.sql.bodies import template_end
from pipesense.lang.sql.client import without_client_words
from pipesense.lang.sql.lexical import PLAIN, comment_end
from pipesense.lang.sql.mask import mask
from pipesense.lang.sql.retokenise import Retokeniser
from pipesense.lang.sql.tsql_bodies import inside_tsql
from pipesense.model.sql import Hole, StatementFacts
from pipesense.text.span import Span

Parse = Callable[[str, str, tuple[Hole, ...], str], StatementFacts]
"""``parse(text, masked, holes, dialect)``: the facts of a statement whose templates are hidden; never raises."""

_LARGE: Final = 20_000
"""Characters from which on an unclosed quote is looked for before anything else: while somebody types one, it
swallows the rest of the file, and tokenising all of that takes longer than a key press."""

_PSQL: Final = {
    "\\i": "A psql command that runs a file has no SQL of its own: there is nothing in it to judge.",
    "\\g": "A psql command that moves rows is recognised; nothing in it is judged.",
}


def read_statement(
    text: str,
    dialect: str,
    *,
    holes: tuple[Hole, ...] = (),
    incremental: bool = True,
    parse: Parse | None = None,
    showing: Span | None = None,
    lately: Retokeniser | None = None,
) -> StatementFacts:
    """What the statement says; ``text`` is its whole unit, leading comments and the ``;`` included.

    ``dialect`` is one of sqlglot's names, "" for the generic one. ``holes`` are stretches that are masked
    already, when the text comes from a string of a program. ``incremental``: see ``mask``.
    ``parse`` reads the masked statement instead of the language's own parser. ``showing``: only the first rendering of
    the template is read that keeps what stands there. ``lately`` knows the tokens of statements read before.
    Never raises for any text; where it cannot be read, ``error`` says why in a sentence.
    """
    # Some editors of Windows start a file with a mark of its byte order.
    code, command = without_client_words(" " + text[1:] if text.startswith("\ufeff") else text)
    if command:
        kind, _, runs = command.partition(" ")
        return StatementFacts(kind, dialect, Span(0, len(text)), unjudged=_PSQL.get(runs, ""))
    opened = _never_closed(code) if len(code) > _LARGE else None
    if opened is not None:
        sentence = f"`{text[opened]}` opens something here that is never closed."
        whole = Span(0, len(text))
        return StatementFacts("", dialect, whole, holes=holes, error=sentence, error_span=Span(opened, opened + 1))
    own = parse is None
    if parse is None:
        from pipesense.lang.sql.reading import read

        parse = partial(read, lately=lately) if lately is not None else read

    found: list[StatementFacts] = []
    failed: StatementFacts | None = None
    for masked in mask(code, incremental=incremental):
        if showing is not None and (found or showing.of(masked.text) != showing.of(code)):
            continue
        every = masked.holes if not holes else tuple(sorted((*masked.holes, *holes), key=lambda hole: hole.span))
        facts = parse(text, masked.text, every, dialect)
        if own and not found:
            facts = _with_inside(facts, masked.text)
            if facts.kind == "macro":
                from pipesense.lang.sql.macros import with_definitions

                facts = with_definitions(facts, text)
        if facts.error or (found and not facts.blocks):
            failed = failed or facts
            continue
        shows = masked.fresh if found else ()
        if shows or (masked.unsure and not facts.unsure):
            facts = replace(facts, unsure=facts.unsure or masked.unsure, shows=shows)
        found.append(facts)
    if not found:
        whole = Span(0, len(text))
        return failed or StatementFacts("", dialect, whole, holes=holes, error="No rendering shows this place.")
    return replace(found[0], variants=tuple(found[1:])) if len(found) > 1 else found[0]


def _with_inside(facts: StatementFacts, masked: str) -> StatementFacts:
    """The facts with the statements inside a procedural one; what could not be read as a whole is then no error."""
    if facts.dialect in ("tsql", "fabric"):
        return _with_inside_tsql(facts, masked)
    found = inside(masked)
    if found is None or not (found.closed or found.stored or facts.kind in ("declare", "do")):
        return facts
    known = replace(facts, inner=found.statements, stored=found.stored, variables=found.names)
    word = facts.kind.upper()
    if facts.error and found.closed:
        why = f"{word} is procedural: only the queries and changes of rows inside it are judged."
        return replace(known, error="", error_span=None, unjudged=why)
    if facts.unjudged and found.statements:
        why = facts.unjudged.replace("nothing in it is judged", "only the queries and changes inside it are judged")
        return replace(known, unjudged=why)
    if facts.unjudged and found.stored and found.closed and "EXEC" not in masked.upper():
        none = "holds no query and changes no rows: there is nothing in it to judge"
        return replace(known, unjudged=facts.unjudged.replace("is recognised; nothing in it is judged", none))
    return known


def _with_inside_tsql(facts: StatementFacts, masked: str) -> StatementFacts:
    """The same for T-SQL, whose parser takes some bodies for one statement."""
    found = inside_tsql(masked)
    if found is None or not found.statements or not (found.stored or facts.error or facts.unjudged):
        return facts
    return StatementFacts(
        facts.kind,
        facts.dialect,
        facts.span,
        holes=facts.holes,
        create=facts.create,
        unsure=facts.unsure,
        unjudged=f"{facts.kind.upper()} is procedural: only the queries and changes of rows inside it are judged.",
        inner=found.statements,
        stored=found.stored,
    )


def _never_closed(text: str) -> int | None:
    """Where a quote or a comment starts that never ends."""
    at = 0
    while (found := PLAIN.search(text, at)) is not None:
        start, at = found.span()
        if found.lastgroup in ("open", "heredoc"):
            return start
        if found.lastgroup == "comment":
            at = comment_end(text, start, len(text))
            if at < 0:
                return start
        elif found.lastgroup is None and text.startswith("{%", start):
            at = max(at, template_end(text, start, at, len(text)))
    return None
