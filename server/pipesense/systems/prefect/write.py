"""Writes changes as Prefect code."""

from __future__ import annotations

from pipesense.lang.python.module import Module
from pipesense.model.change import Change, Refusal, Replace, Rewrite
from pipesense.model.value import Version


def write(change: Change, module: Module, version: Version) -> tuple[Replace, ...] | Refusal:
    """The replacements that make a change, or why they cannot be written here."""
    match change:
        case Replace():
            return (change,)
        case Rewrite():
            return change.parts
        case _:
            return Refusal("This change is not written for Prefect yet.")
