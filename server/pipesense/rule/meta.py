"""A rule's metadata: what it wants to see, what it says and how loudly."""

from __future__ import annotations

import string
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum, IntEnum


class Severity(IntEnum):
    """How bad a finding is; lower is worse, the numbers are those of the language server protocol.

    ERROR: the engine refuses it, data is lost or doubled, or the result is wrong for every input.
    WARNING: likely wrong, and rare in good code. INFO and HINT: advice.
    """

    ERROR = 1
    WARNING = 2
    INFO = 3
    HINT = 4

    @property
    def word(self) -> str:
        """The name as people and configuration files write it."""
        return self.name.lower()

    @staticmethod
    def parse(word: str) -> Severity | None:
        """The severity of that name, or None."""
        return next((level for level in Severity if level.word == word.lower()), None)


class FileRole(Enum):
    """What a file is there for; decides which rules speak in it."""

    PIPELINE = "pipeline"
    MODEL = "model"
    MIGRATION = "migration"
    AD_HOC = "ad-hoc"
    TEST = "test"
    EXAMPLE = "example"
    MACRO = "macro"
    GENERATED = "generated"


PRODUCTION = frozenset({FileRole.PIPELINE, FileRole.MODEL, FileRole.AD_HOC, FileRole.EXAMPLE})
EVERYWHERE = frozenset(FileRole)


@dataclass(frozen=True, slots=True)
class Message:
    """What one variant of a rule says: WHAT is wrong, WHY it matters, WHAT TO DO.

    The three texts are sentences without blame; ``{name}`` fields are filled from the finding's arguments.
    """

    severity: Severity
    what: str
    why: str
    do: str

    def fields(self) -> frozenset[str]:
        """The names of all fields in the three texts."""
        return frozenset(
            name for text in (self.what, self.why, self.do) for _, name, _, _ in string.Formatter().parse(text) if name
        )


@dataclass(frozen=True, slots=True)
class Option:
    """A setting of a rule, ``[tool.pipesense.rules."<rule id>"] <name> = ...``."""

    kind: type
    default: object
    help: str


class Scope(Enum):
    """What a rule must have seen before it can judge."""

    UNIT = "unit"
    """One fact of one statement and nothing else: cached with the statement."""
    FILE = "file"
    """A fact that was linked from several units, or that needs other files."""


@dataclass(frozen=True)
class RuleMeta:
    """Everything about a rule but its code.

    ``id``: "<concern>/<name of the bad pattern>". ``wants``: the fact type it is called with, or several where one
    concern shows in facts of different systems. ``pattern``: a page under patterns/. ``roles``: in which files it
    speaks. ``scope``: UNIT rules see facts of one statement; of several types that is the first one. ``given``, of
    rules that want statements or their facts: the fields of the facts of which one must hold something, else the rule
    has nothing to say and is not asked. ``by_dialect``: whether it is wrong depends on the dialect that the SQL is
    written in, so what would be an error is a warning where nothing tells that for certain.
    """

    id: str
    wants: type | tuple[type, ...]
    messages: Mapping[str, Message]
    pattern: str
    since: str
    roles: frozenset[FileRole] = PRODUCTION
    scope: Scope = Scope.FILE
    options: Mapping[str, Option] = field(default_factory=dict)
    default: bool = True
    given: tuple[str, ...] = ()
    by_dialect: bool = False

    @property
    def wanted(self) -> tuple[type, ...]:
        """The fact types it is called with."""
        return self.wants if isinstance(self.wants, tuple) else (self.wants,)

    @property
    def concern(self) -> str:
        """The part of the id before the slash."""
        return self.id.partition("/")[0]

    @property
    def name(self) -> str:
        """The part of the id behind the slash."""
        return self.id.partition("/")[2]

    @property
    def worst(self) -> Severity:
        """The worst severity that any variant has."""
        return min(message.severity for message in self.messages.values())


PILLARS: Mapping[str, tuple[str, ...]] = {
    "quality": ("quality", "correctness", "schema", "modelling"),
    "reliability": ("reliability", "idempotency", "streaming", "monitoring", "security"),
    "performance": ("performance",),
    "maintainability": ("maintainability", "upgrade", "testing", "lineage"),
}
"""The order in which concerns matter: data quality, then reliability, performance, maintainability."""

CONCERNS: tuple[str, ...] = tuple(concern for concerns in PILLARS.values() for concern in concerns)
