"""What the parts of a hover share: where the cursor is, and words for what is known."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from pipesense.engine.record import FileRecord
from pipesense.engine.relations import Answers, Lookup
from pipesense.lang.jinja.references import reference
from pipesense.model.columns import ColumnOrigin
from pipesense.model.data import QualityCheck
from pipesense.model.value import Known
from pipesense.model.where import Loc
from pipesense.rule.context import DatasetUse
from pipesense.rule.registry import Registry
from pipesense.text.span import Span

Place = Callable[[Loc], "tuple[str, Span] | None"]
LineAt = Callable[[str, int], int]
"""The line (0-based) of an offset in a file."""
MOST = 8


def told_origin(origin: ColumnOrigin) -> str:
    """A column with its table, by dbt's own words where a tag names that."""
    named = reference(origin.table[-1]) if origin.table and origin.table[-1].startswith("{") else None
    if named is None:
        return str(origin)
    return ".".join(filter(None, (named.group, named.name, origin.column)))


class Making:
    """Collects sections about one place; the narrowest range wins."""

    def __init__(
        self, record: FileRecord, offset: int, registry: Registry, answers: Answers, place: Place, line_at: LineAt
    ) -> None:
        self.record = record
        self.offset = offset
        self.registry = registry
        self.answers = answers
        self.lookup: Lookup = answers.relations.lookup
        self.place = place
        self._line_at = line_at
        self.layers: Mapping[str, str] = {}
        """What the configuration says of schemas and folders."""
        self.sections: list[str] = []
        self.spans: list[Span] = []

    def here(self, loc: Loc) -> Span | None:
        """The range of a place if it is in this file and holds the offset."""
        if loc.file != self.record.path:
            return None
        where = self.place(loc)
        return where[1] if where is not None and where[1].contains(self.offset) else None

    def add(self, text: str, span: Span) -> None:
        """One more section."""
        if text and text not in self.sections:
            self.sections.append(text)
            self.spans.append(span)

    def line_of(self, loc: Loc | None) -> str:
        """A place in words: "line 12", or "defaults.py, line 3" for another file."""
        where = self.place(loc) if loc is not None else None
        if where is None or loc is None:
            return ""
        line = self._line_at(where[0], where[1].start) + 1
        if where[0] == self.record.path:
            return f"line {line}"
        return f"{where[0].rpartition('/')[2]}, line {line}"


def users(uses: Iterable[DatasetUse]) -> str:
    """Who touches a table, in words."""
    names = list(dict.fromkeys(use.by for use in uses))
    more = f" and {len(names) - MOST} more" if len(names) > MOST else ""
    return (", ".join(names[:MOST]) + more) or "nobody in this workspace"


def check_words(by: str, check: QualityCheck) -> str:
    """A check with what it looks at."""
    return f"{by} ({', '.join(kinds(check))})"


def kinds(check: QualityCheck) -> list[str]:
    """What a check looks at, in words."""
    return sorted(kind.value for kind in check.kinds)


def subject(check: QualityCheck) -> str:
    """What a check is about."""
    return code(check.dataset.value) if isinstance(check.dataset, Known) else "data"


def code(text: object) -> str:
    """As code."""
    return f"`{text}`"
