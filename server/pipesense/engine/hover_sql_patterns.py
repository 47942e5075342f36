"""The pattern behind words and names in SQL: MERGE, QUALIFY, windows, watermarks, versions, data vaults."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from pipesense.engine.hover_base import Making, code
from pipesense.model.sql import Block, Expr, Source, Statement
from pipesense.model.value import Known
from pipesense.text.regex import regex
from pipesense.text.span import Span

_WATERMARK: Final = regex(r"\bWATERMARK\s+FOR\b", re.IGNORECASE)
_QUALIFY: Final = regex(r"\bQUALIFY\b", re.IGNORECASE)
_OVER: Final = regex(r"\bOVER\b", re.IGNORECASE)
_START: Final = regex(r"(?:^|_)(?:valid|effective|eff)_?(?:from|start)(?:_|$)", re.IGNORECASE)
_END: Final = regex(r"(?:^|_)(?:valid|effective|eff)_?(?:to|until|thru|through|end)(?:_|$)", re.IGNORECASE)
_CURRENT: Final = regex(r"^(?:is_)?(?:current|latest)(?:_(?:flag|ind|indicator|version|row))?$", re.IGNORECASE)
_VAULT: Final = {"hub": "hub", "link": "link", "lnk": "link", "sat": "satellite", "satellite": "satellite"}
_SAID: Final = {
    "hub": "A hub: one row for each business key that any source ever named.",
    "link": "A link: one row for each set of keys of hubs that were seen together.",
    "satellite": "A satellite: each state of a thing, from the time on at which it was loaded.",
}
_HASH: Final = regex(r"(?:^|_)(?:hk|hkey|hash_?key|hsh|sqn)(?:_|$)", re.IGNORECASE)
_LOADED: Final = regex(r"(?:^|_)(?:ldts|ldt|load|loaded|ld_?(?:dtm|dts|ts))(?:_|$)", re.IGNORECASE)


class _Site(NamedTuple):
    """A stretch of a statement, the pattern that it follows, and what makes it a case of it."""

    span: Span
    pattern: str
    note: str = ""


def told_patterns(made: Making, statement: Statement) -> None:
    """The pattern behind the word or name at the place; where more is known of a name, that was said before."""
    text = made.record.document.text_of(statement.loc)
    for site in _sites(made, statement, text):
        span = made.here(statement.at(site.span)) if site.span.end >= 0 else None
        page = made.registry.pattern(site.pattern) if span is not None else None
        if span is not None and page is not None:
            note = f"{site.note}\n\n" if site.note else ""
            made.add(f"**{page.title}**\n\n{note}*{page.summary}*\n\n{page.lesson}", span)
            return


def _sites(made: Making, statement: Statement, text: str) -> Iterator[_Site]:
    write = statement.facts.write
    if write is not None and (write.verb == "merge" or write.conflict):
        yield _Site(write.keyword, "upsert")
    for block in statement.facts.blocks:
        yield from _qualify(block, text)
    for window in statement.facts.windows:
        over = _OVER.search(text, window.call.span.end if window.call is not None else window.span.start)
        name = Span(window.span.start, window.span.start + len(window.call.name if window.call is not None else ""))
        yield _Site(name, "window-functions")
        if over is not None and over.end() <= window.span.end:
            yield _Site(Span(*over.span()), "window-functions")
    if statement.facts.stream is not None:
        yield from (_Site(Span(*match.span()), "watermark") for match in _WATERMARK.finditer(text))
    yield from _versions(statement)
    yield from _vault(made, statement)


def _qualify(block: Block, text: str) -> Iterator[_Site]:
    """The word QUALIFY: where it keeps the first of each group, the latest version is what is meant."""
    if not block.qualify or block.qualify[0].span.end < 0:
        return
    words = list(_QUALIFY.finditer(text, block.span.start, block.qualify[0].span.start))
    if words:
        first = any(_is_first_of(part) for part in block.qualify)
        yield _Site(Span(*words[-1].span()), "latest-version" if first else "window-functions")


def _is_first_of(part: Expr) -> bool:
    numbered = any(each.op == "row_number" for each in part.walk())
    return part.op == "eq" and numbered and any(each.op == "literal" and each.name == "1" for each in part.args)


def _versions(statement: Statement) -> Iterator[_Site]:
    """Columns that say from when to when a row holds, where both stand side by side."""
    table = statement.facts.table
    lists: list[list[tuple[str, Span | None]]] = (
        [[(each.name, each.name_span) for each in table.columns]] if table else []
    )
    lists += [
        [(each.name, each.name_span or each.expr.span) for each in block.outputs] for block in statement.facts.blocks
    ]
    for columns in lists:
        start = next((name for name, _ in columns if _START.search(name)), "")
        end = next((name for name, _ in columns if _END.search(name)), "")
        for name, span in columns if start and end else ():
            if span is not None and (name in (start, end) or _CURRENT.match(name)):
                note = f"A row is true from {code(start)} up to {code(end)}."
                yield _Site(span, "slowly-changing-dimension", note)


def _vault(made: Making, statement: Statement) -> Iterator[_Site]:
    """Names of hubs, links and satellites, where the columns say so too."""
    table = statement.facts.table
    if table is not None:
        yield from _vault_kind(table.parts, table.name_span, [each.name for each in table.columns])
    for block in statement.facts.blocks:
        for source in block.every_source:
            yield from _vault_source(made, statement, source)


def _vault_source(made: Making, statement: Statement, source: Source) -> Iterator[_Site]:
    if source.kind != "table" or source.name_span is None or not source.parts or not _vault_word(source.parts[-1]):
        return
    found = made.answers.relations.find(source.parts, statement, set())
    if isinstance(found, Known):
        names = [each.name for each in found.value.columns]
        yield from _vault_kind(source.parts, source.name_span, names)


def _vault_kind(parts: tuple[str, ...], span: Span, columns: Sequence[str]) -> Iterator[_Site]:
    kind = _vault_word(parts[-1]) if parts else ""
    if kind and any(map(_HASH.search, columns)) and any(map(_LOADED.search, columns)):
        yield _Site(span, "data-vault", _SAID[kind])


def _vault_word(name: str) -> str:
    words = name.casefold().split("_")
    return _VAULT.get(words[0]) or _VAULT.get(words[-1]) or ""
