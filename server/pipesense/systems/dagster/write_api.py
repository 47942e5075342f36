"""Writes obsolete names of Dagster in today's spelling."""

from __future__ import annotations

from pipesense.lang.python.module import Module
from pipesense.model.change import Refusal, Replace
from pipesense.model.code import ObsoleteUse


def use_new_api(use: ObsoleteUse, module: Module) -> tuple[Replace, ...] | Refusal:
    """The replacements for one obsolete use."""
    return Refusal(f"{use.what} has no successor of the same form.")
