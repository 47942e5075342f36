"""What rules yield."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from pipesense.model.change import Change
from pipesense.model.making import quick_to_make
from pipesense.model.where import Loc
from pipesense.rule.meta import Severity


@dataclass(frozen=True, slots=True)
class Related:
    """Another place that explains a finding, with a short text."""

    loc: Loc
    text: str


@quick_to_make
@dataclass(frozen=True, slots=True)
class Finding:
    """One problem at one place. ``subject`` is the fact that the rule was called with; its fix gets it back."""

    rule: str
    variant: str
    severity: Severity
    loc: Loc
    what: str
    why: str
    do: str
    related: tuple[Related, ...]
    subject: object

    @property
    def message(self) -> str:
        """The three sentences as one text."""
        return " ".join(part for part in (self.what, self.why, self.do) if part)


class Applicability(Enum):
    """How far a fix may be applied without being read.

    SAFE: the result is unchanged, or the old text could not have meant anything else. UNSAFE: offered, never
    applied in bulk. DISPLAY: shown as advice.
    """

    SAFE = "safe"
    UNSAFE = "unsafe"
    DISPLAY = "display"


@dataclass(frozen=True, slots=True)
class Offer:
    """A fix that can be asked for: a title for the lightbulb and the change in model words."""

    title: str
    change: Change
    applicability: Applicability
