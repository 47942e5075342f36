"""What the engine hands to its faces: findings, fixes and hovers in terms of a file's text, no protocol."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final, NamedTuple

from pipesense.rule.finding import Applicability, Finding
from pipesense.rule.meta import Severity
from pipesense.text.edit import TextEdit
from pipesense.text.span import Span


@dataclass(frozen=True, slots=True)
class RelatedPlace:
    """Another place that explains a finding; ``span`` in offsets of the file ``path``."""

    path: str
    span: Span
    text: str


class Reported(NamedTuple):
    """A finding as it is shown: suppressed ones are gone, severities are as configured.

    ``span`` is in offsets of the file's current text. ``fingerprint`` survives edits elsewhere in the file. A tuple,
    since most findings of a file are made anew at other places at every key.
    """

    path: str
    rule: str
    variant: str
    severity: Severity
    message: str
    span: Span
    fingerprint: str
    related: tuple[RelatedPlace, ...]
    fixable: bool
    finding: Finding | None
    """What the rule yielded; None for the engine's own findings (syntax, configuration, suppressions)."""
    what: str = ""
    """The first sentence of the message alone."""


_MAKE: Final = partial(tuple.__new__, Reported)
_SPAN: Final = Reported._fields.index("span")


def moved(reported: Sequence[Reported], spans: Sequence[Span]) -> list[Reported]:
    """The same findings at other places, one for each."""
    if not reported:
        return []
    columns: list[Sequence[object]] = list(zip(*reported, strict=True))
    columns[_SPAN] = spans
    return list(map(_MAKE, zip(*columns, strict=True)))


@dataclass(frozen=True, slots=True)
class FixOffer:
    """A fix that can be built on request. ``id`` is stable while the finding is: ``<fingerprint>/<index>``."""

    id: str
    title: str
    applicability: Applicability
    rule: str


@dataclass(frozen=True, slots=True)
class BuiltFix:
    """A verified fix: edits per path (offsets of the current text), and files to create with their text."""

    offer: FixOffer
    edits: Mapping[str, tuple[TextEdit, ...]]
    creates: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class NotAnalysed:
    """A stretch of a file that was not judged, and why.

    ``recognised``: it is known what stands there (CALL, a template tag alone), only nothing in it is judged.
    """

    path: str
    span: Span
    why: str
    recognised: bool = False


@dataclass(frozen=True, slots=True)
class HoverText:
    """Markdown for a place; ``span`` is the range it speaks of."""

    markdown: str
    span: Span


@dataclass(frozen=True, slots=True)
class InternalError:
    """A rule, a system or a unit failed; its findings are missing, everything else is there."""

    unit: str
    path: str
    error: str


@dataclass(slots=True)
class Counters:
    """How much work was done; tests assert on these, never on time."""

    units_parsed: int = 0
    statements_read: int = 0
    files_linked: int = 0
    rules_run: int = 0
