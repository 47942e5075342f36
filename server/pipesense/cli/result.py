"""What a check gives, ready to be written in any format: plain data, lines and columns 1-based code points."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from pipesense.rule.finding import Applicability
from pipesense.rule.meta import Severity
from pipesense.rule.page import Page


@dataclass(frozen=True, slots=True, order=True)
class Position:
    """A 1-based line and a 1-based column in code points."""

    line: int
    column: int


@dataclass(frozen=True, slots=True, order=True)
class Range:
    """``end`` is the position behind the last character."""

    start: Position
    end: Position


@dataclass(frozen=True, slots=True)
class Edit:
    """Replace the characters of a range."""

    range: Range
    text: str


@dataclass(frozen=True, slots=True)
class FixRow:
    """A fix that is offered. ``edits`` (by path) are there only where a format asked for them."""

    id: str
    title: str
    applicability: Applicability
    edits: Mapping[str, tuple[Edit, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class RelatedRow:
    """Another place that explains a finding."""

    path: str
    range: Range
    text: str


@dataclass(frozen=True, slots=True)
class FindingRow:
    """One finding. ``message`` is the whole text; ``what``, ``why`` and ``do`` are its parts, the last two may be "".

    ``excerpt`` are the lines of the file from the finding's first on, at most a few. ``dialect`` is the SQL
    dialect at the finding and why it was chosen, for those who ask.
    """

    path: str
    rule: str
    severity: Severity
    message: str
    what: str
    why: str
    do: str
    range: Range
    fingerprint: str
    excerpt: tuple[str, ...] = ()
    fixes: tuple[FixRow, ...] = ()
    related: tuple[RelatedRow, ...] = ()
    dialect: tuple[str, str] | None = None

    @property
    def order(self) -> tuple[str, Range, str]:
        """Findings are shown in this order."""
        return self.path, self.range, self.rule


@dataclass(frozen=True, slots=True)
class GapRow:
    """A stretch of a file that was not judged, and why; ``recognised`` if it is known what stands there."""

    path: str
    range: Range
    why: str
    recognised: bool = False


@dataclass(frozen=True, slots=True)
class SqlFileRow:
    """A SQL file: how many statements it has, the dialect it was read in ("" for the generic one) and why."""

    path: str
    statements: int
    dialect: str
    why: str


@dataclass(frozen=True, slots=True)
class RuleRow:
    """A rule that has findings, as formats with rule tables want it."""

    id: str
    severity: Severity
    pattern: str
    page: Page | None


@dataclass(frozen=True, slots=True)
class CheckResult:
    """Everything about one check.

    ``findings`` are all of them but those in the baseline. ``problems`` are mistakes on the command line (exit
    code 2), ``failures`` are our own (exit code 3). ``fixed`` findings are gone from the files; ``not_fixed``
    says which changes were not written, and why. ``notes`` and ``sql_files`` are
    what ``--verbose`` adds.
    """

    version: str
    folder: str
    """The working directory; paths are relative to it where they lie below."""
    findings: tuple[FindingRow, ...] = ()
    not_analysed: tuple[GapRow, ...] = ()
    recognised: tuple[GapRow, ...] = ()
    """Statements that are known for what they are, in which nothing is judged."""
    rules: tuple[RuleRow, ...] = ()
    files: tuple[str, ...] = ()
    statements: int = 0
    seconds: float = 0.0
    in_baseline: int = 0
    fixed: int = 0
    not_fixed: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()
    failures: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    sql_files: tuple[SqlFileRow, ...] = ()

    def at_least(self, level: Severity) -> tuple[FindingRow, ...]:
        """The findings that are as bad as ``level`` or worse."""
        return tuple(row for row in self.findings if row.severity <= level)

    def count(self, severity: Severity) -> int:
        """How many findings have exactly that severity."""
        return sum(row.severity is severity for row in self.findings)


def counted(number: int, noun: str, plural: str = "") -> str:
    """A number with its noun: "1 warning", "2 warnings"."""
    return f"{number} {noun if number == 1 else plural or noun + 's'}"


def by_path(rows: Iterable[FindingRow]) -> dict[str, list[FindingRow]]:
    """Findings grouped by file, in the order they are shown."""
    groups: dict[str, list[FindingRow]] = {}
    for row in sorted(rows, key=lambda row: row.order):
        groups.setdefault(row.path, []).append(row)
    return groups
