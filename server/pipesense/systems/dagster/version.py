"""Which Dagster a file runs on, and what the instance does for every run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from pipesense.lang.python import pins
from pipesense.lang.python.module import Module
from pipesense.model.value import Evidence, Version
from pipesense.text.regex import regex

VERSION_FILES: Final = (*pins.FILES, "dagster.yaml")
_RUN_RETRIES: Final = regex(r"(?ms)^run_retries\s*:\s*\n(?:[ \t]+[^\n]*\n)*?[ \t]+enabled\s*:\s*true")


def version_in_use(module: Module, files: Mapping[str, str], configured: str | None) -> Version:
    """The version with its evidence, from the configuration or the project's files."""
    own = pins.number(configured) if configured is not None else ()
    found = Version(own, Evidence.PINNED, "the configuration") if own else pins.pinned("dagster", files)
    found = found or Version()
    if _RUN_RETRIES.search(files.get("dagster.yaml", "") + "\n"):
        return replace(found, project=(("run_retries", "enabled"),))
    return found
