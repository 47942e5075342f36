"""What the engine hands to its faces: findings, fixes and hovers in terms of a file's text, no protocol."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pipesense.model.making import quick_to_make
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


@quick_to_make
@dataclass(frozen=True, slots=True)
class Reported:
    """A finding as it is shown: suppressed ones are gone, severities are as configured.

    ``span`` is in offsets of the file's current text. ``fingerprint`` survives edits elsewhere in the file.
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

    def at(self, span: Span, related: tuple[RelatedPlace, ...]) -> Reported:
        """The same finding at other places (written out: it is done for most findings of a file at every key)."""
        return Reported(
            self.path,
            self.rule,
            self.variant,
            self.severity,
            self.message,
            span,
            self.fingerprint,
            related,
            self.fixable,
            self.finding,
            self.what,
        )


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
