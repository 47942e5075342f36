"""Writes changes as Airflow code."""

from __future__ import annotations

from pipesense.lang.python.module import Module
from pipesense.model.change import Change, Refusal, Replace
from pipesense.model.value import Version


def write(change: Change, module: Module, version: Version) -> tuple[Replace, ...] | Refusal:
    """The replacements that make a change, or why they cannot be written here."""
    return Refusal("Airflow's side of this change is not written.")
