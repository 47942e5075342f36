"""Where the findings of a file stand now, and what is known of those that stood there before.

Every key asks for all findings of a file, and changes few of them: what is known of the others is kept in cells.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from operator import attrgetter
from typing import Final, NamedTuple

from pipesense.engine.config import Config
from pipesense.engine.document import Document
from pipesense.engine.report import Reported
from pipesense.rule.finding import Finding
from pipesense.text.span import Span

_KEY: Final = attrgetter("anchor.key")
_FINDING: Final = attrgetter("finding")
_SPAN: Final = attrgetter("span")
_ORDER: Final = attrgetter("span.start", "finding.rule", "span.end")


class Anchor(NamedTuple):
    """What stands for a finding: the text that it is about, and the key that tells it from others. Holds no secret."""

    text: str
    key: tuple[str, str, str]
    """The rule, what the finding is part of, and the text without its spacing."""


@dataclass(slots=True, eq=False)
class Cell:
    """A finding with the place where it stands in the file, and what is made of it to be shown."""

    finding: Finding
    unit: int
    base: int
    """Where the unit that the finding is in starts; -1 where the place is not simply so far behind it."""
    span: Span
    anchor: Anchor | None = None
    reported: Reported | None = None


@dataclass(slots=True)
class Placed:
    """What is known of the findings of a file that was shown before: the anchors' keys in order, each with its mark."""

    keys: list[tuple[str, str, str]] = field(default_factory=list)
    marks: list[str] = field(default_factory=list)
    cells: dict[int, Cell] = field(default_factory=dict)
    relative: str = ""
    config: Config | None = None
    """By what the severities were chosen."""

    def replace(self, cells: Sequence[Cell], marks: list[str], relative: str, config: Config) -> None:
        """These are shown now."""
        self.keys, self.marks, self.relative, self.config = list(map(_KEY, cells)), marks, relative, config
        self.cells = dict(zip(map(id, map(_FINDING, cells)), cells, strict=True))


def cells_of(document: Document, findings: Sequence[Finding], before: Placed) -> list[Cell]:
    """The findings that stand in the file, each where it stands now."""
    path, start_of, known = document.path, document.starts.get, before.cells
    found: list[Cell] = []
    make = tuple.__new__  # less than half the time of Span(...), for all findings behind an edit
    for finding, cell in zip(findings, map(known.get, map(id, findings)), strict=True):
        if cell is not None and cell.base >= 0 and cell.finding is finding:
            base = start_of(cell.unit, -1)
            if base >= 0:
                if base != cell.base:
                    by = base - cell.base
                    start, end = cell.span
                    cell.base, cell.span = base, make(Span, (start + by, end + by))
                found.append(cell)
                continue
        loc = finding.loc
        span = document.file_span(loc) if loc.file == path else None
        if span is not None:
            if cell is None or cell.finding is not finding:
                cell = Cell(finding, loc.unit, -1, span)
            cell.base, cell.span = start_of(loc.unit, -1), span
            found.append(cell)
    return found


def in_order(cells: list[Cell]) -> list[Cell]:
    """In the order of the text, one finding per cause: what a rule says twice about one place becomes related."""
    cells.sort(key=_ORDER)
    if len(set(map(_SPAN, cells))) == len(cells):
        return cells
    found: list[Cell] = []
    for cell in cells:
        if found and found[-1].span == cell.span and _same(found[-1].finding, cell.finding):
            first = found[-1]
            both = replace(first.finding, related=(*first.finding.related, *cell.finding.related))
            found[-1] = Cell(both, first.unit, first.base, first.span)
        else:
            found.append(cell)
    return found


def _same(one: Finding, other: Finding) -> bool:
    return (one.rule, one.variant, one.loc) == (other.rule, other.variant, other.loc)
