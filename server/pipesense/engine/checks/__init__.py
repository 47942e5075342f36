"""Quality checks that a table deserves: proposed, written in the project's form, verified, and told in hovers."""

from __future__ import annotations

from pipesense.engine.checks.forms import Form
from pipesense.engine.checks.insert import Checks, ChecksOffer

__all__ = ["Checks", "ChecksOffer", "Form"]
