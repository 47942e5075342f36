"""Where the findings of a file stand now, and what is known of those that stood there before.

Every key asks for all findings of a file, and changes few of them: what is known of the others is kept in cells. What
is done with all of them is done column by column, by no loop of Python's own; loops go over those that are new.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import compress, count, repeat
from operator import add, attrgetter, eq, is_, itemgetter
from typing import Final, NamedTuple, cast

from pipesense.engine.config import Config
from pipesense.engine.document import Document
from pipesense.engine.report import Reported
from pipesense.rule.finding import Finding
from pipesense.text.span import Span

_KEY: Final = attrgetter("anchor.key")
_FINDING: Final = attrgetter("finding")
_RULE: Final = attrgetter("finding.rule")
_UNIT: Final = attrgetter("unit")
_START: Final = attrgetter("start")
_END: Final = attrgetter("end")
_NUMBER: Final = itemgetter(3)
_SPAN: Final = partial(tuple.__new__, Span)


class Anchor(NamedTuple):
    """What stands for a finding: the text that it is about, and the key that tells it from others. Holds no secret."""

    text: str
    key: tuple[str, str, str]
    """The rule, what the finding is part of, and the text without its spacing."""


@dataclass(slots=True, eq=False)
class Cell:
    """A finding, where it stands in its unit, and what was made of it to be shown: by then at another place, maybe.

    ``start`` and ``end`` count from where the unit starts. They say nothing where the document does not know that.
    """

    finding: Finding
    unit: int
    start: int
    end: int
    anchor: Anchor | None = None
    reported: Reported | None = None


@dataclass(slots=True)
class Placed:
    """What is known of the findings of a file that was shown before: the anchors' keys in order, each with its mark."""

    keys: list[tuple[str, str, str]] = field(default_factory=list)
    marks: list[str] = field(default_factory=list)
    cells: dict[int, Cell] = field(default_factory=dict)
    """By the identity of the finding, which the cell holds."""
    joined: dict[tuple[int, int], tuple[Cell, Cell, Cell]] = field(default_factory=dict)
    """Two cells of one cause, and what they became; by the identity of the two."""
    relative: str = ""
    config: Config | None = None
    """By what the severities were chosen."""

    def replace(self, cells: Sequence[Cell], marks: list[str], relative: str, config: Config) -> None:
        """These are shown now."""
        self.keys, self.marks, self.relative, self.config = list(map(_KEY, cells)), marks, relative, config


def at_which(column: Iterable[object], value: object) -> Iterator[int]:
    """At which places of a column this very object stands."""
    return compress(count(), map(is_, column, repeat(value)))


def placed(document: Document, findings: Sequence[Finding], before: Placed) -> tuple[list[Cell], list[Span]]:
    """The findings that stand in the file, and where they do: in the order of the text, one for each cause."""
    starts = document.starts
    numbers = list(map(id, findings))
    found = list(map(before.cells.get, numbers))
    for at in list(at_which(found, None)):
        found[at] = _cell(document, findings[at])
    cells = cast("list[Cell]", found)
    before.cells = dict(zip(numbers, cells, strict=True))
    bases = list(map(starts.get, map(_UNIT, cells), repeat(-1)))
    begins, ends = list(map(add, bases, map(_START, cells))), list(map(add, bases, map(_END, cells)))
    nowhere: list[int] = []
    for at in compress(count(), map(eq, bases, repeat(-1))) if -1 in bases else ():
        loc = cells[at].finding.loc
        span = document.file_span(loc) if loc.file == document.path else None
        if span is None:
            nowhere.append(at)
        else:
            begins[at], ends[at] = span
    order = sorted(zip(begins, map(_RULE, cells), ends, count(), strict=False))
    if nowhere:
        order = [each for each in order if each[3] not in nowhere]
    numbers_in_order = list(map(_NUMBER, order))
    cells = list(map(cells.__getitem__, numbers_in_order))
    spans = list(
        map(_SPAN, zip(map(begins.__getitem__, numbers_in_order), map(ends.__getitem__, numbers_in_order), strict=True))
    )
    return _joined(cells, spans, before)


def _cell(document: Document, finding: Finding) -> Cell:
    loc = finding.loc
    base = document.starts.get(loc.unit, -1)
    span = document.file_span(loc) if loc.file == document.path else None
    if base < 0 or span is None:
        return Cell(finding, -1, 0, 0)
    return Cell(finding, loc.unit, span.start - base, span.end - base)


def _joined(cells: list[Cell], spans: list[Span], before: Placed) -> tuple[list[Cell], list[Span]]:
    """One finding per cause: what a rule says twice about one place becomes related."""
    known, before.joined = before.joined, {}
    if len(set(spans)) == len(spans):
        return cells, spans
    gone: set[int] = set()
    for at in list(compress(count(1), map(eq, spans, spans[1:]))):
        first = at - 1
        while first in gone:
            first -= 1
        one, other = cells[first], cells[at]
        if _same(one.finding, other.finding):
            last = known.get((id(one), id(other)))
            if last is None:
                related = (*one.finding.related, *other.finding.related)
                both = replace(one.finding, related=related)
                last = one, other, Cell(both, one.unit, one.start, one.end)
            before.joined[id(one), id(other)] = last
            cells[first] = last[2]
            gone.add(at)
    for at in sorted(gone, reverse=True):
        del cells[at], spans[at]
    return cells, spans


def _same(one: Finding, other: Finding) -> bool:
    return (one.rule, one.variant, one.loc) == (other.rule, other.variant, other.loc)
