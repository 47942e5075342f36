"""One file as units that keep their identity while the text around them changes."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from itertools import count, repeat
from operator import attrgetter, itemgetter
from typing import TYPE_CHECKING, Final

from pipesense.lang.cut import Cut, Recut, Splitter
from pipesense.model.data import QualityCheck, Relation
from pipesense.model.sql import Hole, Script, Statement, StatementFacts
from pipesense.model.where import Loc
from pipesense.rule.context import DatasetUse
from pipesense.rule.finding import Finding
from pipesense.text.buffer import Splice, TextBuffer
from pipesense.text.encoding import PositionEncoding
from pipesense.text.source_map import SourceMap
from pipesense.text.span import Span

if TYPE_CHECKING:
    from pipesense.engine.index import Key
    from pipesense.lang.documents.part import Parts
    from pipesense.lang.documents.parts import Reading
    from pipesense.lang.python.syntax import ParsedUnit
    from pipesense.lang.python.whole import Whole
    from pipesense.lang.sql.earlier import Around
    from pipesense.lang.yaml.read import YamlFile


_ID: Final = attrgetter("id")
_START: Final = itemgetter(0)
_END: Final = itemgetter(1)
_KIND: Final = itemgetter(2)
"""The parts of a Cut."""
_WORDS: Final = 80
"""Characters of an edit that may be typing; what is longer was pasted."""


@dataclass(slots=True, eq=False)
class Unit:
    """A stretch of a file that is read as a whole, with everything derived from it alone.

    The text never changes: an edit replaces the unit by another with a new id.
    """

    id: int
    kind: str
    text: str
    parsed: ParsedUnit | None = None
    tree: YamlFile | None = None
    """What a YAML or JSON file is made of."""
    facts: StatementFacts | None = None
    statement: Statement | None = None
    around: Around | None = None
    """What earlier statements meant for ``statement`` when it was made."""
    relation: Relation | None = None
    """What ``statement`` says of a table's shape."""
    uses: tuple[tuple[Key, DatasetUse], ...] | None = None
    """What the statement's accesses mean to other files, each under the key of its table."""
    checks: tuple[tuple[Key, QualityCheck], ...] | None = None
    """The checks of data that the statement makes, each under the key of its table."""
    findings: tuple[Finding, ...] | None = None
    """What UNIT rules said, for the rule set numbered ``findings_for``."""
    findings_for: int = -1
    dialect: str = ""
    """The dialect in which ``facts`` were read."""
    signs: frozenset[int] | None = None
    """What the text's own words say about its dialect."""
    told: tuple[str, str] | None = None
    """The dialect of a system that the text's own words tell, and why; looked for together with ``signs``."""
    symbol: str | None = None
    """What the unit is about, for fingerprints: a function's name, a statement's first words."""
    systems: frozenset[str] | None = None
    """The systems of which a mark stands in the text; None where nobody looked."""
    directive: str | None = None
    """The dialect that a comment in the text names, "" where none does; None where nobody looked."""

    def forget(self) -> None:
        """Drop what can be derived again from the text."""
        self.parsed = None
        self.tree = None
        self.facts = None
        self.statement = None
        self.relation = None
        self.uses = None
        self.checks = None
        self.findings = None


@dataclass(slots=True, eq=False)
class EmbeddedUnit:
    """A statement of another language inside a unit of the file.

    ``map`` leads from the virtual text of the whole literal to the host unit's text; ``start`` is where this
    statement begins in the virtual text.
    """

    unit: Unit
    host: int
    map: SourceMap
    start: int
    holes: tuple[Hole, ...] = ()


@dataclass(slots=True, eq=False)
class EmbeddedScript:
    """The SQL in one string literal: its own unit number and one embedded unit per statement."""

    id: int
    host: int
    anchor: int
    """Where the literal starts in the host unit's text."""
    text: str
    map: SourceMap
    dialect: str
    why_dialect: str
    statements: list[EmbeddedUnit] = field(default_factory=list)
    formats: frozenset[str] = frozenset()
    """How holes are made in the literal ("fstring", "format", "percent"): what braces and % mean in it."""
    asked: tuple[str | None, ...] = ()
    """What the dialect was chosen by, beside the text."""
    linked: Script | None = None
    """The script as it was last linked."""
    connection: str = ""
    """The connection over which it runs, by its id; "" where none is named, or several are."""


class Document:
    """A file's text and its units. Offsets are code points into the text."""

    def __init__(self, path: str, language: str, splitter: Splitter, text: str) -> None:
        self.path = path
        self.language = language
        self.buffer = TextBuffer(text)
        self.settled = True
        self.typed: int | None = None
        """The SQL statement at whose open end somebody types, until the text is at rest: it is half of what is
        meant, and what it lacks may be the next word."""
        self.reading: Reading | None = None
        """Reads a YAML or JSON file, again and again."""
        self.parts: Parts | None = None
        """Where the parts of such a file stand, from its reading to the next edit."""
        self._splitter = splitter
        self._ids = count(1)
        self._cuts: list[Cut] = []
        self.units: list[Unit] = []
        self._starts: dict[int, int] | None = None
        self._by_id: dict[int, Unit] = {}
        self._retired: dict[tuple[str, str], Unit] = {}
        """Units that the last cut of the whole text replaced: a quote that is opened takes everything behind it
        away, and brings it back when it is closed."""
        self._dropped: list[Unit] = []
        """Units that no edit brings back, until their trees are released."""
        self.embedded: dict[int, EmbeddedUnit] = {}
        self.scripts: dict[tuple[int, int], EmbeddedScript] = {}
        cuts, whole = splitter.first(text)
        self.whole: Whole | None = whole
        """The tree of a Python file as it was cut, until its units have their parts of it or the text changes."""
        self._replace(0, 0, tuple(cuts), 0)

    @property
    def text(self) -> str:
        """The current text."""
        return self.buffer.text

    # --- edits -----------------------------------------------------------------------------------

    def edit(
        self,
        start: tuple[int, int] | None,
        end: tuple[int, int] | None,
        text: str,
        encoding: PositionEncoding,
    ) -> None:
        """Apply a client's change; ``start`` None replaces the whole text."""
        self.whole = None
        if start is None or end is None:
            if text != self.text:
                self.buffer.reset(text)
                self._split_all()
                self.typed = None
            return
        splice = self.buffer.client_replace(start, end, text, encoding)
        if splice.old.is_empty and not splice.inserted:
            return
        self._recut(self._splitter.resplit(self.text, self._cuts, splice), splice)
        self.typed = self._typed_by(splice)

    def _typed_by(self, splice: Splice) -> int | None:
        """The statement that goes on behind an edit with nothing but blanks, if the edit is no more than some words."""
        if self.language != "sql" or max(splice.inserted, splice.old.end - splice.old.start) > _WORDS:
            return None
        found = self.unit_at(max(0, splice.old.start + splice.inserted - 1))
        if found is None:
            return None
        unit, offset = found
        typed = unit.text.rstrip()
        return unit.id if len(typed) <= offset + 1 and not typed.endswith(";") else None

    def settle(self) -> bool:
        """Cut the whole text anew if boundaries may only hold for the moment; True if units changed.

        They may where the splitter said so, and wherever a unit cannot be read: far away a bracket can
        change how the splitter found its way back. True also if a statement was being typed, since it is not any more.
        """
        was_typed, self.typed = self.typed is not None, None
        if self.settled and not any(unit.parsed is not None and unit.parsed.problem for unit in self.units):
            return was_typed
        before = [unit.id for unit in self.units]
        self._split_all()
        return was_typed or before != [unit.id for unit in self.units]

    def _split_all(self) -> None:
        before, retired = list(self.units), self._retired
        self._replace(0, len(self._cuts), tuple(self._splitter.split(self.text)), 0)
        self.settled = True
        gone = {(unit.kind, unit.text): unit for unit in before if unit.id not in self._by_id}
        if len(gone) > 1:
            self._retired = gone
            self._dropped += retired.values()

    def _returned(self, kind: str, text: str) -> Unit:
        """A unit for a stretch: one that was there before and comes back, else a new one."""
        back = self._retired.pop((kind, text), None)
        return back if back is not None else Unit(next(self._ids), kind, text)

    def _recut(self, recut: Recut, splice: Splice) -> None:
        self._replace(recut.first, recut.last, recut.fresh, splice.delta)
        self.settled = self.settled and recut.settled

    def _replace(self, first: int, last: int, fresh: tuple[Cut, ...], delta: int) -> None:
        self.parts = None
        old: dict[tuple[str, str], list[Unit]] = {}
        for unit in self.units[first:last]:
            old.setdefault((unit.kind, unit.text), []).append(unit)
        text = self.text
        made: list[Unit] = []
        if old or self._retired:
            for cut in fresh:
                piece = text[cut.start : cut.end]
                kept = old.get((cut.kind, piece))
                made.append(kept.pop(0) if kept else self._returned(cut.kind, piece))
        else:
            made = [
                Unit(number, kind, text[start:end])
                for (start, end, kind), number in zip(fresh, self._ids, strict=False)
            ]
        gone = {unit.id for units in old.values() for unit in units}
        self._dropped += (unit for units in old.values() for unit in units)
        self.units[first:last] = made
        for each in gone:
            self._by_id.pop(each, None)
        self._by_id.update((unit.id, unit) for unit in made)
        behind = self._cuts[last:]
        if delta and behind:
            # Hundreds of them move at every key, which no loop of Python's looks at.
            starts, ends, kinds = map(_START, behind), map(_END, behind), map(_KIND, behind)
            moved = zip(map(delta.__add__, starts), map(delta.__add__, ends), kinds, strict=True)
            behind = list(map(tuple.__new__, repeat(Cut), moved))
        self._cuts[first:] = [*fresh, *behind]
        self._starts = None
        if gone:
            self._drop_embedded(gone)

    def _drop_embedded(self, hosts: set[int]) -> None:
        for key in [key for key, script in self.scripts.items() if script.host in hosts]:
            self._drop_script(key)

    def _drop_script(self, key: tuple[int, int]) -> None:
        for statement in self.scripts.pop(key).statements:
            self.embedded.pop(statement.unit.id, None)

    # --- embedded units --------------------------------------------------------------------------

    def next_id(self) -> int:
        """A unit number never used in this file before."""
        return next(self._ids)

    def add_script(self, script: EmbeddedScript) -> None:
        """Remember the units of a string with SQL in it."""
        self.scripts[(script.host, script.anchor)] = script
        for statement in script.statements:
            self.embedded[statement.unit.id] = statement

    def released(self) -> list[ParsedUnit]:
        """What was parsed of units that are gone for good; asked once everything was linked without them."""
        kept = {id(unit) for unit in self._retired.values()}
        dropped = [unit for unit in self._dropped if id(unit) not in kept and self._by_id.get(unit.id) is not unit]
        self._dropped.clear()
        found = [unit.parsed for unit in dropped if unit.parsed is not None]
        for unit in dropped:
            unit.forget()
        return found

    def keep_scripts(self, wanted: Collection[tuple[int, int]]) -> None:
        """Forget the strings that nobody runs as SQL any more; ``wanted`` are the others, by host and anchor."""
        for key in [key for key in self.scripts if key not in wanted]:
            self._drop_script(key)

    # --- places ----------------------------------------------------------------------------------

    @property
    def cuts(self) -> list[Cut]:
        """The boundaries of the units, in offsets of the current text."""
        return self._cuts

    @property
    def starts(self) -> Mapping[int, int]:
        """The offset at which each unit starts, by the unit's number."""
        if self._starts is None:
            self._starts = dict(zip(map(_ID, self.units), map(_START, self._cuts), strict=True))
        return self._starts

    def start_of(self, unit: int) -> int | None:
        """The offset at which a unit starts, or None where it is gone."""
        return self.starts.get(unit)

    def file_span(self, loc: Loc) -> Span | None:
        """The range of the file that a place means now, or None where its unit is gone."""
        start = self.start_of(loc.unit)
        if start is not None:
            return loc.span.shift(start)
        base = self.parts.base_of(loc.unit) if self.parts is not None else None
        if base is not None:
            return loc.span.shift(base)
        embedded = self.embedded.get(loc.unit)
        if embedded is not None:
            host = self.start_of(embedded.host)
            inner = embedded.map.to_source(loc.span.shift(embedded.start))
            return None if host is None else inner.shift(host)
        for script in self.scripts.values():
            if script.id == loc.unit:
                host = self.start_of(script.host)
                return None if host is None else script.map.to_source(loc.span).shift(host)
        return None

    def is_verbatim(self, loc: Loc) -> bool:
        """Whether the characters of a place stand in the file one for one, so that they may be edited."""
        embedded = self.embedded.get(loc.unit)
        if embedded is not None:
            return embedded.map.is_verbatim(loc.span.shift(embedded.start))
        return self.start_of(loc.unit) is not None or (
            self.parts is not None and self.parts.base_of(loc.unit) is not None
        )

    def unit_at(self, offset: int) -> tuple[Unit, int] | None:
        """The unit that holds an offset, and the offset within it."""
        at = bisect_right(self._cuts, offset, key=lambda cut: cut.start) - 1
        if at < 0:
            return None
        return self.units[at], offset - self._cuts[at].start

    def embedded_at(self, offset: int) -> tuple[EmbeddedUnit, int] | None:
        """The embedded statement at an offset of the file, and the offset within it."""
        host = self.unit_at(offset)
        if host is None:
            return None
        for embedded in self.embedded.values():
            if embedded.host == host[0].id:
                virtual = embedded.map.to_virtual(host[1])
                if virtual is not None and embedded.start <= virtual <= embedded.start + len(embedded.unit.text):
                    return embedded, virtual - embedded.start
        return None

    def unit(self, unit: int) -> Unit | None:
        """A unit (embedded ones too) by its number."""
        own = self._by_id.get(unit)
        if own is not None:
            return own
        embedded = self.embedded.get(unit)
        return embedded.unit if embedded is not None else None

    def text_of(self, loc: Loc) -> str:
        """The characters at a place, as the place's own language reads them."""
        unit = self.unit(loc.unit)
        if unit is not None:
            return loc.span.of(unit.text)
        part = self.parts.part(loc.unit) if self.parts is not None else None
        if part is not None:
            return loc.span.of(part.text)
        return next((loc.span.of(script.text) for script in self.scripts.values() if script.id == loc.unit), "")

    def forget_trees(self) -> None:
        """Drop the trees of Python; what was derived from them stays."""
        self.whole = None
        self._retired.clear()
        self._dropped.clear()
        for unit in self.units:
            unit.parsed = None

    def forget(self) -> None:
        """Drop syntax and facts; they are derived again when somebody asks."""
        self.whole = None
        self._retired.clear()
        self._dropped.clear()
        for unit in self.units:
            unit.forget()
        if self.reading is not None:
            self.reading.forget()
        for script in self.scripts.values():
            script.linked = None
            for embedded in script.statements:
                embedded.unit.forget()
