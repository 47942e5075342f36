"""Everything the workspace keeps about one file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pipesense.engine.document import Document
from pipesense.engine.index import Stage
from pipesense.engine.judge import Verdicts
from pipesense.engine.linked import Linked
from pipesense.engine.placing import Placed
from pipesense.engine.report import NotAnalysed, Reported
from pipesense.model.flow import Pipeline
from pipesense.rule.meta import FileRole
from pipesense.text.span import Span

if TYPE_CHECKING:
    from pipesense.engine.index import Key
    from pipesense.lang.python.link import ReadKey
    from pipesense.lang.python.module import LinkMemo


@dataclass(slots=True, eq=False)
class FileRecord:
    """A file's document and the results of each step of its analysis."""

    path: str
    document: Document
    is_open: bool = False
    role: FileRole = FileRole.PIPELINE
    linked: Linked = field(default_factory=Linked)
    pipelines: tuple[Pipeline, ...] = ()
    """The pipelines, composed."""
    composed: dict[int, tuple[Pipeline, tuple[object, ...], Pipeline]] = field(default_factory=dict)
    memo: LinkMemo | None = None
    imports: dict[str, tuple[str | None, frozenset[Key]]] = field(default_factory=dict)
    """The files that modules mean by name, and the keys of those that would come first, if they came to be."""
    version_texts: Mapping[str, str] = field(default_factory=dict)
    """The texts of project files that may pin the versions of systems, by name."""
    read_keys: tuple[frozenset[ReadKey], frozenset[Key]] | None = None
    """The names of other files that the last link read, and all keys that it rests on for their sake."""
    imports_for: int = -1
    """The generation of the surroundings in which ``imports``, ``read_keys`` and ``version_texts`` hold."""
    verdicts: Verdicts = field(default_factory=Verdicts)
    placed: Placed = field(default_factory=Placed)
    reported: tuple[Reported, ...] = ()
    not_analysed: tuple[NotAnalysed, ...] = ()
    revision: int = 0
    is_put_away: bool = False
    """Facts were dropped after the file was judged; linking reads them again."""
    _statements: int = 0
    _spoken: tuple[tuple[Span, str, str], ...] = ()
    """Of a file that was put away: where its SQL stands, in which dialect and why."""

    def statements(self) -> int:
        """How many statements the file has: of Python at top level, of SQL anywhere."""
        if self.is_put_away:
            return self._statements
        sql = sum(len(script.statements) for script in self.linked.scripts.values())
        return sql if self.document.language == "sql" else sql + len(self.document.units)

    def shown(self, found: tuple[Reported, ...]) -> tuple[Reported, ...]:
        """The findings without those that are new in the statement being typed: they wait until it is at rest."""
        typed = self.document.typed
        if typed is None:
            return found
        known = {each.fingerprint for each in self.reported}
        return tuple(
            each
            for each in found
            if each.finding is None or each.finding.loc.unit != typed or each.fingerprint in known
        )

    def gaps(self) -> tuple[NotAnalysed, ...]:
        """What could not be read, and what is recognised only; each with the reason."""
        found = [(each, False) for each in self.linked.unread] + [(each, True) for each in self.linked.recognised]
        placed = ((self.document.file_span(each.loc), each.why, known) for each, known in found)
        return tuple(NotAnalysed(self.path, span, why, known) for span, why, known in placed if span is not None)

    def dialect_at(self, offset: int) -> tuple[str, str] | None:
        """The SQL dialect at a place and why it was chosen; None outside SQL."""
        if self.is_put_away:
            return next((each[1:] for each in self._spoken if each[0].start <= offset <= each[0].end), None)
        if self.document.language == "sql":
            script = self.linked.scripts.get(0)
            return (script.dialect, script.why_dialect) if script is not None else None
        embedded = self.document.embedded_at(offset)
        for script in self.linked.scripts.values() if embedded is not None else ():
            if any(embedded is not None and each.loc.unit == embedded[0].unit.id for each in script.statements):
                return script.dialect, script.why_dialect
        return None

    def _dialects(self) -> Iterator[tuple[Span, str, str]]:
        if self.document.language == "sql":
            script = self.linked.scripts.get(0)
            if script is not None:
                yield Span(0, len(self.document.buffer.text)), script.dialect, script.why_dialect
            return
        for script in self.linked.scripts.values():
            for span in (self.document.file_span(each.loc) for each in script.statements):
                if span is not None:
                    yield span, script.dialect, script.why_dialect

    def has_run(self, stage: int) -> None:
        """After linking, drop the trees of a Python file that nobody has open: later stages ask for its facts only.

        All Python files are linked before the first is judged, and a tree takes fifty times the space of its text.
        """
        if stage == Stage.LINK and not self.is_open and self.document.language == "python":
            if self.memo is not None:
                self.memo.last = None  # the two know each other, and would wait for the collector
            self.memo, self.imports, self.read_keys, self.imports_for = None, {}, None, -1
            self.document.forget_trees()

    def put_away(self) -> None:
        """Keep what is shown and drop what it was found by: facts of files that nobody has open cost memory."""
        self._statements = self.statements()
        self._spoken = tuple(self._dialects())
        self.is_put_away = True
        kept = self.linked
        self.linked = Linked(versions=kept.versions, unread=kept.unread, recognised=kept.recognised)
        self.pipelines = ()
        self.composed = {}
        self.memo = None
        self.verdicts = Verdicts()
        self.placed = Placed()
        self.document.forget()
