"""What rules on faulty settings share: the offer of the mended text."""

from __future__ import annotations

from pipesense.model.change import Rewrite
from pipesense.model.faults import SettingFault
from pipesense.rule.finding import Applicability, Offer


def offer(fault: SettingFault) -> Offer | None:
    """The fault's own edits; safe only where the old text could not have meant anything else."""
    if not fault.edits:
        return None
    how = Applicability.SAFE if fault.certain else Applicability.UNSAFE
    return Offer(fault.title, Rewrite(fault.edits, fault.imports), how)
