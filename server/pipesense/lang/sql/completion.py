"""Where in a statement somebody is typing a name: read with a stand-in at the cursor, repaired where it is half typed.

What is read here serves completion only: a repaired statement never reaches a rule.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Final

from pipesense.lang.sql.lexical import PLAIN, comment_end
from pipesense.model.sql import Hole, Source, StatementFacts
from pipesense.text.regex import regex
from pipesense.text.span import Span

Read = Callable[[str, tuple[Hole, ...], Span], StatementFacts]
"""The facts of a statement's text, in its dialect, with the holes that are masked already; a place that must show."""

STAND_IN: Final = "pipesense_cursor"
_WORD: Final = regex(r"[\w$]*")
_BACK: Final = regex(r"[\w$]*\Z")
_QUALIFIER: Final = regex(r"""((?:(?:[\w$]+|"[^"\n]*"|`[^`\n]*`|\[[^\]\n]*\])\s*\.\s*)+)\Z""")
_PART: Final = regex(r"""[\w$]+|"[^"\n]*"|`[^`\n]*`|\[[^\]\n]*\]""")
_TAG: Final = regex(r"""(ref|source)\(\s*(?:(?:'([^'"\n{}]*)'|"([^'"\n{}]*)")\s*,\s*)?(['"])([^'"\n{}]*)\Z""")
_CLAUSE: Final = regex(
    r"\b(?:FROM|WHERE|GROUP\s+BY|HAVING|QUALIFY|ORDER\s+BY|LIMIT|UNION|INTERSECT|EXCEPT|WINDOW|RETURNING)\b"
    r"|\b(?:(?:LEFT|RIGHT|FULL|INNER|CROSS)\b.{0,12})?\bJOIN\b",
    re.IGNORECASE | re.DOTALL,
)
_QUERY: Final = regex(r"\s*(?:WITH|SELECT)\b", re.IGNORECASE)
_REPAIRS: Final = 8


@dataclass(frozen=True, slots=True)
class TagName:
    """A name inside ``ref('`` or ``source('``: ``group`` is the first argument where the second is typed."""

    kind: str
    group: str
    word: Span


@dataclass(frozen=True, slots=True)
class Word:
    """The name that is being typed: ``span`` up to the cursor, an opening quote included; ``end`` of the whole name.

    ``qualifier`` stands in front of it, as written, from ``lead`` on.
    """

    span: Span
    end: int
    qualifier: tuple[str, ...]
    lead: int
    quote: str = ""


@dataclass(frozen=True, slots=True)
class Probe:
    """A statement read with a stand-in for the word that is being typed.

    ``place`` is the stand-in's range in ``text``, which the spans of ``facts`` are relative to.
    """

    facts: StatementFacts
    text: str
    place: Span
    word: Word
    repaired: bool = False

    @property
    def source(self) -> Source | None:
        """The source that the stand-in is, where a table is being typed."""
        for each in self._sources():
            span = each.name_span or each.span
            if each.kind in ("table", "cte") and span.start <= self.place.start and self.place.end <= span.end:
                return each
        return None

    def _sources(self) -> Iterator[Source]:
        for block in self.facts.blocks:
            yield from block.every_source
        write = self.facts.write
        if write is not None:
            yield from write.sources
            yield from (join.source for join in write.joins)
            if write.merge is not None:
                yield write.merge.source


def tag_at(text: str, at: int) -> TagName | None:
    """The name that is typed inside a dbt tag's ``ref('`` or ``source('``; None elsewhere."""
    line = text.rfind("\n", 0, at) + 1
    before = text[max(line, text.rfind("}}", 0, at), text.rfind("%}", 0, at)) : at]
    if "{{" not in before and "{%" not in before:
        return None
    match = _TAG.search(before)
    if match is None:
        return None
    return TagName(match[1], match[2] or match[3] or "", Span(at - len(match[5]), at))


def word_at(text: str, at: int, holes: tuple[Hole, ...] = ()) -> Word | None:
    """The name at a cursor; None inside comments, strings, tags and numbers, where no name can stand."""
    back = _BACK.search(text, max(0, at - 200), at)
    ahead = _WORD.match(text, at)
    assert back is not None
    assert ahead is not None
    start, end, quote = back.start(), ahead.end(), ""
    if text[start:at][:1].isdigit():
        return None
    hidden = _hidden_at(text, start)
    if hidden is not None:
        # A quoted name can be completed as long as it stays on one line; its quotes belong to it.
        opened, closes = hidden
        quote = text[opened]
        if quote not in '"`' or "\n" in text[opened:at]:
            return None
        if quote == '"' and re.search(r"=\s*\Z", text[max(0, opened - 20) : opened]):
            return None
        is_closed = closes > 0 and "\n" not in text[opened:closes]
        start, end = opened, closes if is_closed else end
    if any(hole.span.start < at < hole.span.end for hole in holes) or text[max(0, start - 1) : start] in (
        ":",
        "@",
        "%",
    ):
        return None
    match = _QUALIFIER.search(text, max(0, start - 300), start)
    qualifier = tuple(part.strip('"`[]') for part in _PART.findall(match[1])) if match is not None else ()
    return Word(Span(start, at), end, qualifier, match.start() if match is not None else start, quote)


def probe(text: str, word: Word, read: Read, holes: tuple[Hole, ...] = ()) -> Probe | None:
    """The statement with a stand-in for the word; None where it stays unreadable, or no column or table can stand."""
    for number, (made, place, moved) in enumerate(_texts(text, word.span.start, word.end, word.lead, holes)):
        if number >= _REPAIRS:
            break
        facts = read(made, moved, place)
        if not facts.error and _holds(facts, place):
            return Probe(facts, made, place, word, number > 0)
    return None


def known(text: str, facts: StatementFacts, word: Word) -> Probe | None:
    """The statement as it was read anyway, where the word that is being typed is a name in it already."""
    place = Span(word.span.start, word.end)
    is_plain = not (facts.error or facts.variants or facts.write is not None or word.quote or place.is_empty)
    return Probe(facts, text, place, word) if is_plain and _holds(facts, place) else None


def _holds(facts: StatementFacts, place: Span) -> bool:
    """Whether the stand-in was read as a name."""
    if any(use.span.start <= place.start and place.end <= use.span.end for use in facts.columns):
        return True
    if any(span.start <= place.start and place.end <= span.end for _, span in facts.reads):
        return True
    write = facts.write
    if write is not None:
        if write.target_span.start <= place.start and place.end <= write.target_span.end:
            return True
        listed = write.columns_span
        if listed is not None and listed.start <= place.start and place.end <= listed.end:
            return True
        if any(name == STAND_IN for name, _ in write.assignments):
            return True
    return any(
        (each.name_span or each.span).start <= place.start and place.end <= (each.name_span or each.span).end
        for block in facts.blocks
        for each in block.every_source
    )


def _hidden_at(text: str, at: int) -> tuple[int, int] | None:
    """The comment, string or quoted name that holds an offset: where it starts and ends (-1 for never)."""
    place = 0
    while (found := PLAIN.search(text, place)) is not None:
        start, place = found.span()
        if start >= at:
            return None
        kind = found.lastgroup
        if kind in ("open", "heredoc", "template"):
            return start, -1
        if kind == "comment":
            place = comment_end(text, start, len(text))
            if place < 0:
                return start, -1
        if kind not in ("end", "go") and place > at:
            return start, place
        if place == at and text.startswith(("--", "#"), start):
            return start, place
    return None


def _texts(
    text: str, start: int, end: int, lead: int, holes: tuple[Hole, ...]
) -> Iterator[tuple[str, Span, tuple[Hole, ...]]]:
    """The statement with a stand-in, as it is and then mended in several ways, the mildest first."""
    place = Span(start, start + len(STAND_IN))
    whole = text[:start] + STAND_IN + text[end:]
    delta = len(STAND_IN) - (end - start)
    kept = [hole for hole in holes if hole.span.end <= start or hole.span.start >= end]
    moved = [hole if hole.span.end <= start else replace(hole, span=hole.span.shift(delta)) for hole in kept]

    def made(first: int, second: int, stop: int, mend: str = "") -> tuple[str, Span, tuple[Hole, ...]]:
        """Up to the stand-in from ``first`` on, and what stands from ``second`` to ``stop`` in the text behind it."""
        front = " " * first + whole[first : place.end]
        mend = mend + " " if mend and stop > second else mend
        gap = " " * (second + delta - place.end - len(mend))
        shown = (Span(first, place.end), Span(second + delta, stop + delta))
        inside = tuple(
            each for each in moved if any(s.start <= each.span.start and each.span.end <= s.end for s in shown)
        )
        back = whole[second + delta : stop + delta]
        if len(gap) + len(mend) != second + delta - place.end:
            # Something is put in where there is no room: what stands behind moves, holes there are given up.
            inside = tuple(each for each in inside if each.span.end <= place.end)
        return front + mend + gap + back, place, inside

    yield whole, place, tuple(moved)
    close, clauses = _behind(text, end)
    opened = _query_start(text, start)
    mend = _mend(text, start, close, opened)
    first = next((at for at, _ in clauses), None)
    # Behind the FROM clause nothing matters for the names in scope.
    stop = next((at for at, word in clauses if word not in ("from", "join")), None) if first is not None else None
    at_from = first is not None and stop != first
    if first is not None:
        yield made(0, first, len(text), mend)
    if at_from and stop is not None and first is not None:
        yield made(0, first, stop, mend + (")" * _open_brackets(text, start) if mend == "" else ""))
    if opened is not None:
        yield made(opened, end, close)
        if first is not None:
            yield made(opened, first, stop if at_from and stop is not None else close, mend)
    yield made(0, close, len(text), mend)
    yield made(0, len(text), len(text), mend + ")" * max(0, _open_brackets(text, start) - mend.count(")")))
    if opened is not None:
        yield made(opened, len(text), len(text), mend)


def _mend(text: str, start: int, close: int, opened: int | None) -> str:
    """What ends the brackets and the CASE that are open at the cursor, and that nothing behind it ends."""
    begin = opened if opened is not None else 0
    depth = 0
    words: list[str] = []
    for _, word in _scan(text, begin, start):
        if word in "()":
            depth = max(0, depth + (1 if word == "(" else -1))
        else:
            words.append(word.upper())
    is_open = words.count("CASE") > words.count("END")
    last = next((word for word in reversed(words) if word in ("WHEN", "THEN", "ELSE", "CASE")), "")
    case = {"WHEN": " THEN 1 END", "CASE": " WHEN 1 THEN 1 END"}.get(last, " END") if is_open else ""
    missing = depth if close >= len(text.rstrip("; \r\n\t")) or opened is not None else 0
    return case + ")" * missing


def _scan(text: str, start: int, stop: int) -> Iterator[tuple[int, str]]:
    """The brackets and the starts of words between two offsets, outside of comments and strings."""
    place = start
    while place < stop:
        found = PLAIN.search(text, place, stop)
        upto = found.start() if found is not None else stop
        for match in re.finditer(r"[()]|[A-Za-z_]+", text[place:upto]):
            yield place + match.start(), match[0]
        if found is None:
            return
        place = found.end()
        if found.lastgroup == "comment":
            place = comment_end(text, found.start(), len(text))
            if place < 0:
                return
        elif found.lastgroup in ("open", "heredoc", "template"):
            return


def _behind(text: str, end: int) -> tuple[int, list[tuple[int, str]]]:
    """Where the bracket around an offset closes (or the text ends), and the clauses of the same query before that."""
    depth = 0
    clauses: list[tuple[int, str]] = []
    for at, word in _scan(text, end, len(text)):
        if word == "(":
            depth += 1
        elif word == ")":
            if depth == 0:
                return at, clauses
            depth -= 1
        elif depth == 0 and (match := _CLAUSE.match(text, at)) is not None:
            clauses.append((at, "join" if match[0].upper().endswith("JOIN") else match[0].lower()))
    stop = text.rfind(";", end)
    return (stop if stop >= 0 else len(text)), clauses


def _open_brackets(text: str, stop: int) -> int:
    depth = 0
    for _, word in _scan(text, 0, stop):
        depth = max(0, depth + (word == "(") - (word == ")"))
    return depth


def _query_start(text: str, stop: int) -> int | None:
    """Behind the innermost open bracket that holds a query."""
    opened: list[int] = []
    for at, word in _scan(text, 0, stop):
        if word == "(":
            opened.append(at + 1)
        elif word == ")" and opened:
            opened.pop()
    return next((at for at in reversed(opened) if _QUERY.match(text, at) is not None), None)
