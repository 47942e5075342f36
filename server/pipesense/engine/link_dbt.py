"""dbt's part in linking: what a file of a project says beside what its own language says."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from pipesense.engine.agenda import Agenda
from pipesense.engine.dbt import PROJECT_FILE, DbtProjects
from pipesense.engine.document import Document
from pipesense.engine.index import Index, Key, Stage
from pipesense.engine.linked import Linked, Unread
from pipesense.engine.record import FileRecord
from pipesense.model.change import Refusal, Replace
from pipesense.model.dbt import DbtFile, DbtProperties
from pipesense.model.dbt_change import DbtChange, SetConfig
from pipesense.model.where import Loc
from pipesense.text.span import Span

_OF_DBT: Final = frozenset({DbtFile, DbtProperties})
_AT_ONCE = 12
"""Files that one step of background work reads: a few milliseconds."""


def with_dbt(linked: Linked, document: Document, projects: DbtProjects) -> Linked:
    """What linking gave, with what a dbt project reads in the file."""
    path = document.path
    if path.endswith("/" + PROJECT_FILE):
        project = projects.read_again(path.rpartition("/")[0], document.text, lambda span: located(document, span))
        return replace(linked, facts=(*linked.facts, project))
    found = projects.read(path, document.text, lambda span: located(document, span))
    if found is None:
        return linked
    from pipesense.systems.dbt.index import LONGEST_YAML, exports, facts

    if isinstance(found, DbtProperties) and len(document.text) > LONGEST_YAML:
        why = f"It has {len(document.text) / 1e6:.1f} million characters; YAML files of dbt are read up to 2 million."
        linked = replace(linked, unread=(*linked.unread, Unread(located(document, Span(0, 0)), why)))
    if isinstance(found, DbtProperties) and found.torn is not None and not linked.unread:
        why = "From here on this is no YAML, so dbt refuses to parse the project."
        linked = replace(linked, unread=(*linked.unread, Unread(found.torn, why)))
    # What a file defines for others is no gap once their templates are read.
    recognised = () if isinstance(found, DbtFile) and found.macros else linked.recognised
    told = {**linked.exports, **exports(found), **_snapshot(found, linked, document)}
    return replace(linked, facts=(*linked.facts, *facts(found)), exports=told, recognised=recognised)


def _snapshot(found: DbtFile | DbtProperties, linked: Linked, document: Document) -> dict[Key, Any]:
    """The relation that the snapshot of a file is; of several in one file nobody tells which query is whose."""
    named = [node for node in found.nodes if node.kind == "snapshot"] if isinstance(found, DbtFile) else []
    if len(named) != 1 or 0 not in linked.scripts:
        return {}
    from pipesense.lang.sql.relation import model

    made = model(linked.scripts[0].statements, named[0].name, found.folder, located(document, Span(0, 0)), "snapshot")
    return {("model", made.dataset.table): (made,)}


def located(document: Document, span: Span) -> Loc:
    """The place of a range of a file: in the unit that holds its start."""
    found = document.unit_at(span.start)
    if found is None:
        return Loc(document.path, document.units[0].id if document.units else 0, Span(0, 0))
    unit, at = found
    return Loc(document.path, unit.id, Span(at, at + span.end - span.start))


def dbt_edits(change: DbtChange, record_of: Callable[[str], FileRecord | None]) -> tuple[Replace, ...] | Refusal:
    """What a change means in the file that it is for."""
    at = (change.config or change.start) if isinstance(change, SetConfig) else change.at
    record = record_of(at.file)
    if record is None:
        return Refusal("the file that would be changed is not there any more")
    document = record.document
    # What was read before the file was linked knows no units; such a file is one of them.
    whole = document.units[0] if len(document.units) == 1 and at.unit == 0 else None
    unit = document.unit(at.unit) or whole
    if unit is None:
        return Refusal("the text has changed since the finding was made")
    from pipesense.systems.dbt.write import write

    edits = write(change, unit.text)
    if isinstance(edits, Refusal):
        return edits
    return tuple(Replace(Loc(document.path, unit.id, each.span), each.text) for each in edits)


@dataclass(slots=True)
class DbtWork:
    """Reads the files of projects bit by bit, and keeps what follows from all of them."""

    projects: DbtProjects
    index: Index
    records: Mapping[str, FileRecord]
    agenda: Agenda
    changed: Callable[[str, frozenset[Key]], None]
    """Told of keys that changed, by the file ("" for none) that knows already."""

    def __post_init__(self) -> None:
        self.projects.now = self._open_text

    def __bool__(self) -> bool:
        return self.projects.waiting

    def _open_text(self, path: str) -> str | None:
        record = self.records.get(path)
        return record.document.text if record is not None and record.is_open else None

    def _is_linked(self, path: str) -> bool:
        """Whether a file's own linking says what it tells."""
        return path in self.records and self.agenda.stage(path) != Stage.LINK

    def listed(self, path: str) -> None:
        """A file of the workspace was found."""
        if path.endswith("/" + PROJECT_FILE):
            self.projects.ensure(path)

    def after_link(self, record: FileRecord, stage: int) -> None:
        """Take notice of a file that was linked."""
        if stage != Stage.LINK:
            return
        for fact in record.linked.facts if not _OF_DBT.isdisjoint(map(type, record.linked.facts)) else ():
            if isinstance(fact, (DbtFile, DbtProperties)):
                self.projects.note(record.path, fact)
                self._read(0)
                return
        if record.path.endswith("/" + PROJECT_FILE):
            self.projects.project_linked(record.path.rpartition("/")[0])
            self._read(0)

    def step(self) -> bool:
        """Read a few files; False where none wait."""
        return self.projects.waiting and self._read(_AT_ONCE)

    def finish(self) -> None:
        """Read all that wait."""
        self._read(1 << 30)

    def _read(self, count: int) -> bool:
        self.changed("", self.projects.step(self.index, self._is_linked, count))
        return True
