"""The editor's settings: those of the engine, and the few that concern the protocol alone."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Final

from pipesense.engine.config import KEYS

SECTION: Final = "pipesense"


class DiagnosticMode(Enum):
    """For which files findings are shown."""

    OPEN_FILES = "openFilesOnly"
    WORKSPACE = "workspace"


@dataclass(frozen=True, slots=True)
class Settings:
    """What the client configured. ``overrides`` has the keys of [tool.pipesense]."""

    overrides: Mapping[str, object] = field(default_factory=dict)
    mode: DiagnosticMode | None = None
    """None: the whole workspace where the client asks for it, else the open files."""
    documentation: str | None = None
    """Where the rules' pages are published, as a base URL; findings link there."""

    @staticmethod
    def read(section: object) -> Settings:
        """Read the section; unset (null) and unknown keys are left out, and a section of a wrong type is empty."""
        if not isinstance(section, Mapping):
            return Settings()
        overrides = {
            key: value
            for name, value in section.items()
            if value is not None and (key := _engine_key(str(name))) in KEYS
        }
        mode = section.get("diagnosticMode")
        url = section.get("documentationUrl")
        return Settings(
            overrides,
            next((each for each in DiagnosticMode if each.value == mode), None),
            url.rstrip("/") if isinstance(url, str) and url.startswith(("http://", "https://")) else None,
        )


def _engine_key(name: str) -> str:
    """``perFileIgnores`` as configuration files write it: ``per-file-ignores``."""
    return re.sub(r"(?<=[a-z])([A-Z])", lambda upper: "-" + upper[1].lower(), name).replace("_", "-")


def section_in(pushed: object) -> object | None:
    """Our section of settings that were pushed, or None where they do not hold it."""
    return pushed.get(SECTION) if isinstance(pushed, Mapping) else None
