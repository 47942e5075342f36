"""Which version of a Python package a project's files pin."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Final

from pipesense.model.value import Evidence, Version
from pipesense.text.regex import regex

FILES: Final = (
    "uv.lock",
    "poetry.lock",
    "Pipfile.lock",
    "requirements.lock",
    "requirements.txt",
    "requirements-prod.txt",
    "requirements/prod.txt",
    "requirements/base.txt",
    "constraints.txt",
    "pyproject.toml",
    "setup.cfg",
    "setup.py",
    "Pipfile",
    "environment.yml",
    "requirements.in",
    "Dockerfile",
    "docker/Dockerfile",
    "docker-compose.yml",
    "docker-compose.yaml",
    "compose.yml",
    "compose.yaml",
    "meltano.yml",
    "requirements-dev.txt",
    "requirements/dev.txt",
    "requirements_local.txt",
    "requirements-local.txt",
    "requirements/local.txt",
)
"""Files that may pin a package, strongest first: what is locked speaks before what is asked for."""

_COMMENT: Final = regex(r"(?m)(?:^|(?<=\s))#[^\n]*")


def pinned(package: str, files: Mapping[str, str], image: str = "") -> Version | None:
    """The version of a package: an exact pin anywhere before a lower bound; None where no file says anything.

    ``image`` is the repository of the container image that is tagged with the package's own version, if there is one.
    """
    bounds: list[Version] = []
    for name in FILES:
        found = _said(package, image, name, files[name]) if name in files else None
        if found is None:
            continue
        if found.evidence is Evidence.PINNED:
            return found
        bounds.append(found)
    return bounds[0] if bounds else None


@lru_cache(maxsize=256)
def _said(package: str, image: str, name: str, text: str) -> Version | None:
    """A lock file is long, and every Python file of its project asks for it: each text is read once."""
    own = re.escape(package).replace(r"\-", "[-_.]")
    # Names count as the same whatever their case, with -, _ or . in them (PEP 503).
    if not re.search(own, text, re.I):
        return None
    text = _COMMENT.sub(lambda found: " " * len(found[0]), text)
    for pattern in (
        rf"(?:^|[\s\"'\[,]){own}(?:\[[^\]]*\])?\s*=?\s*[\"']?(?:===?|~=)\s*[\"']?(\d+(?:\.\d+)*)",
        rf"name\s*=\s*\"{own}\"\s*\n\s*version\s*=\s*\"(\d+(?:\.\d+)*)",
        rf"\"{own}\"\s*:\s*\{{[^{{}}]*?\"version\"\s*:\s*\"==(\d+(?:\.\d+)*)",
        *([rf"\b{re.escape(image)}:(\d+\.\d+(?:\.\d+)?)"] if image else []),
    ):
        found = re.search(pattern, text, re.I | re.M)
        if found is not None:
            return Version(number(found.group(1)), Evidence.PINNED, _at(name, text, found.start(1)))
    lower = re.search(
        rf"(?:^|[\s\"']){own}(?:\[[^\]]*\])?[\s\"'=]*(?:>=|\^|~|>)\s*=?\s*(\d+(?:\.\d+)*)", text, re.I | re.M
    )
    if lower is not None:
        return Version(number(lower.group(1))[:2], Evidence.INFERRED, _at(name, text, lower.start(1)))
    return None


def number(text: str) -> tuple[int, ...]:
    """A version like 3.1.4 as integers, empty for what is no version."""
    found = re.match(r"\s*[=v]*(\d+(?:\.\d+)*)", text)
    return tuple(int(part) for part in found.group(1).split(".")[:3]) if found else ()


def _at(name: str, text: str, offset: int) -> str:
    return f"{name}, line {text.count(chr(10), 0, offset) + 1}"
