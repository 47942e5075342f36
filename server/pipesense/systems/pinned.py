"""Which version of a Python package a project pins: requirements and constraints, lock files, project metadata."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Final

from pipesense.model.value import Evidence, Version
from pipesense.text.regex import regex

FILES: Final = (
    "uv.lock",
    "poetry.lock",
    "Pipfile.lock",
    "constraints.txt",
    "requirements.lock",
    "requirements.txt",
    "requirements/base.txt",
    "requirements/prod.txt",
    "pyproject.toml",
    "Pipfile",
    "setup.cfg",
    "environment.yml",
    "Dockerfile",
)
"""Files that may pin packages, strongest first."""

_COMMENT: Final = regex(r"(?m)(?:^|(?<=\s))#[^\n]*")


def package_versions(files: Mapping[str, str], packages: Sequence[str]) -> tuple[tuple[str, Version], ...]:
    """Each package that some file says something about, with its version and where that is said."""
    found: list[tuple[str, Version]] = []
    for package in packages:
        version = _version(files, package)
        if version is not None:
            found.append((package, version))
    return tuple(found)


def _version(files: Mapping[str, str], package: str) -> Version | None:
    ranged: Version | None = None
    for name in FILES:
        text = files.get(name, "")
        if not text:
            continue
        pinned, lower = _said(name, text, package)
        if pinned is not None:
            return pinned
        ranged = ranged or lower
    return ranged


@lru_cache(maxsize=256)
def _said(name: str, text: str, package: str) -> tuple[Version | None, Version | None]:
    """The exact version that a file pins, and the lower bound that it states."""
    spelled = re.sub(r"[-_.]", "[-_.]", package)
    if re.search(spelled, text, re.I) is None:
        return None, None
    plain = text if name.endswith((".lock", ".json")) else _COMMENT.sub("", text)
    for pattern in (
        rf"(?:^|[\s\"'\[,]){spelled}(?:\[[^\]]*\])?\s*(?:===?)\s*(\d+(?:\.\d+)*)",
        rf"name\s*=\s*\"{spelled}\"\s*\n\s*version\s*=\s*\"(\d+(?:\.\d+)*)",
        rf"\"{spelled}\"\s*:\s*\{{[^{{}}]*?\"version\"\s*:\s*\"==(\d+(?:\.\d+)*)",
        rf"^\s*-\s*{spelled}\s*=\s*(\d+(?:\.\d+)*)",
        rf"^{spelled}\s*=\s*\"==?(\d+(?:\.\d+)*)\"",
    ):
        hit = re.search(pattern, plain, re.I | re.M)
        if hit is not None:
            return Version(_number(hit.group(1)), Evidence.PINNED, f"{name}"), None
    compatible = re.search(
        rf"(?:^|[\s\"'\[,]){spelled}(?:\[[^\]]*\])?\s*=?\s*[\"']?\s*(?:~=|\^|~)\s*(\d+(?:\.\d+)*)", plain, re.I | re.M
    )
    if compatible is not None:
        return None, Version(_number(compatible.group(1)), Evidence.INFERRED, f"{name}")
    return None, None


def _number(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in text.split("."))
