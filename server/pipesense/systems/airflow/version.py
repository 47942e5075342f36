"""Which Airflow a file runs on: configured, pinned by the project, told by the code, or unknown."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Final

from pipesense.lang.python.module import Module
from pipesense.model.value import Evidence, Version
from pipesense.systems.airflow.configuration import CONFIGURATION_FILES, configured
from pipesense.text.regex import regex

VERSION_FILES: Final = (
    "requirements.txt",
    "requirements-airflow.txt",
    "requirements.in",
    "requirements_airflow.txt",
    "airflow-requirements.txt",
    "requirements/airflow.txt",
    "requirements/base.txt",
    "requirements/main.txt",
    "requirements/common.txt",
    "requirements/prod.txt",
    "requirements/production.txt",
    "requirements/requirements.txt",
    "requirements-prod.txt",
    "requirements_prod.txt",
    "requirements-base.txt",
    "requirements.lock",
    "constraints.txt",
    "constraints-airflow.txt",
    "airflow/requirements.txt",
    "dags/requirements.txt",
    "docker/requirements.txt",
    "uv.lock",
    "poetry.lock",
    "Pipfile.lock",
    "pyproject.toml",
    "Pipfile",
    "setup.cfg",
    "environment.yml",
    "Dockerfile",
    "airflow.Dockerfile",
    "Dockerfile.airflow",
    "airflow/Dockerfile",
    "docker/Dockerfile",
    "docker/airflow/Dockerfile",
    "docker-compose.yml",
    "docker-compose.yaml",
    "compose.yml",
    "compose.yaml",
    "docker-compose.airflow.yml",
    "docker-compose.airflow.yaml",
    "docker-compose-airflow.yml",
    "docker-compose-airflow.yaml",
    "docker-compose.override.yml",
    "airflow/docker-compose.yml",
    "airflow/docker-compose.yaml",
    "docker/docker-compose.yml",
    "docker/docker-compose.yaml",
    "meltano.yml",
    ".env",
    "airflow/.env",
    "requirements/dev.txt",
    "requirements/local.txt",
    "requirements/test.txt",
    "requirements-dev.txt",
    "requirements_dev.txt",
    "requirements-local.txt",
    "requirements_local.txt",
    "requirements-test.txt",
    "requirements_test.txt",
    "requirements-override.txt",
    "requirements/airflow-local.txt",
    "requirements/airflow_local.txt",
    "requirements_airflow_local.txt",
    "requirements-airflow-local.txt",
    *CONFIGURATION_FILES,
)
"""Files that may pin Airflow or configure it, strongest first: production speaks before what developers install."""

_COMMENT: Final = regex(r"(?m)(?:^|(?<=\s))#[^\n]*")
_NAME: Final = r"apache[-_.]airflow(?:-core)?"
_PIN: Final = regex(
    rf"(?:^|[\s\"'\[,]){_NAME}(?:\[[^\]]*\])?\s*=?\s*[\"']?(?:===?|~=)\s*[\"']?(\d+(?:\.\d+)*)", re.I | re.M
)
_RANGE: Final = regex(rf"[\s\"']{_NAME}(?:\[[^\]]*\])?\s*([<>=!~^][^\"'#\n;]*)", re.I)
_POETRY: Final = regex(rf"^{_NAME}\s*=\s*(?:\{{[^}}]*version\s*=\s*)?\"([\^~<>=]*\s*\d[^\"]*)\"", re.I | re.M)
_LOCK: Final = regex(rf"name\s*=\s*\"{_NAME}\"\s*\n\s*version\s*=\s*\"(\d+(?:\.\d+)*)", re.I)
_LOCK_JSON: Final = regex(rf"\"{_NAME}\"\s*:\s*\{{[^{{}}]*?\"version\"\s*:\s*\"==(\d+(?:\.\d+)*)", re.I | re.S)
_PROVIDER: Final = regex(
    r"\b(apache[-_.]airflow[-_.]providers[-_.][a-z0-9-_.]+?)(?:\[[^\]]*\])?"
    r"(?:\s*===?\s*|\s*=\s*\"==|\"\s*\n\s*version\s*=\s*\")(\d+(?:\.\d+)*)",
    re.I,
)
_IMAGE: Final = regex(r"\bapache/airflow:(?:slim-)?(\d+\.\d+(?:\.\d+)?)")
_IMAGE_ARGUMENT: Final = regex(r"\bapache/airflow:(?:slim-)?\$\{?(\w+)")
_ARGUMENT: Final = regex(r"(?:apache[-_.]airflow(?:-core)?(?:\[[^\]]*\])?\s*==\s*|\bconstraints-)\$\{?(\w+)", re.I)
"""A version that an argument of the build gives: ``pip install apache-airflow==${AIRFLOW_VERSION}``."""
_CONSTRAINTS: Final = regex(r"\bconstraints-(\d+\.\d+\.\d+)/constraints-")
_RUNTIME: Final = regex(
    r"^\s*FROM\s+\S*(?:astronomer|astrocrpublic\S*|images\.astronomer\.cloud)/\S*?runtime:(\d+)\.(\d+)", re.M
)
_OLD_ARGUMENT: Final = regex(r"\bschedule_interval[\"']?\s*[=:](?!=)")
_GONE: Final = (
    "airflow.operators.dummy",
    "airflow.operators.dummy_operator",
    "airflow.operators.python_operator",
    "airflow.operators.bash_operator",
    "airflow.operators.subdag",
    "airflow.contrib",
    "airflow.utils.dates",
)
"""Modules that Airflow 3 does not have."""


def version_in_use(module: Module, files: Mapping[str, str], wanted: str | None) -> Version:
    """The version with its evidence; the first of configuration, project files and code that says something.

    Beside it stand the versions of providers, and what the deployment's configuration sets for all DAGs.
    """
    found = _own_version(module, files, wanted)
    beside, settings = tuple(_providers(files)), configured(files)
    return replace(found, beside=beside, project=settings) if beside or settings else found


def _own_version(module: Module, files: Mapping[str, str], configured: str | None) -> Version:
    if configured is not None and (number := _number(configured)):
        return Version(number, Evidence.PINNED, "the configuration")
    ranged: Version | None = None
    for name in filter(files.__contains__, VERSION_FILES):
        said = _said(name, files[name])
        if said.pinned is not None:
            return said.pinned
        ranged = ranged or said.ranged
    return ranged or _from_code(module)


@dataclass(frozen=True, slots=True)
class Said:
    """What one project file says: an exact version of Airflow, a lower bound, and the versions of providers."""

    pinned: Version | None = None
    ranged: Version | None = None
    providers: tuple[tuple[str, Version], ...] = ()


NOTHING: Final = Said()


@lru_cache(maxsize=128)
def _said(name: str, text: str) -> Said:
    """A lock file is long, and every Python file of its project asks for it: each text is read once."""
    if "airflow" not in text and "runtime" not in text:
        return NOTHING
    text = _without_comments(text)
    pinned = next(_pins(name, text), None)
    return Said(pinned, _range(name, text) if pinned is None else None, tuple(_pinned_providers(name, text)))


def _without_comments(text: str) -> str:
    """The text with comments blanked, every offset as it was."""
    return _COMMENT.sub(lambda found: " " * len(found[0]), text)


def _providers(files: Mapping[str, str]) -> Iterator[tuple[str, Version]]:
    """The providers that the project pins, each at the strongest place."""
    seen: set[str] = set()
    for name in filter(files.__contains__, VERSION_FILES):
        for package, pinned in _said(name, files[name]).providers:
            if package not in seen:
                seen.add(package)
                yield package, pinned


def _pinned_providers(name: str, text: str) -> Iterator[tuple[str, Version]]:
    for found in _PROVIDER.finditer(text) if "providers" in text else ():
        package = re.sub(r"[-_.]+", "-", found.group(1)).lower()
        yield package, Version(_number(found.group(2)), Evidence.PINNED, _at(name, text, found.start(2)))


def _number(text: str) -> tuple[int, ...]:
    found = re.match(r"\s*[=v]*(\d+(?:\.\d+)*)", text)
    return tuple(int(part) for part in found.group(1).split(".")[:3]) if found else ()


def _at(name: str, text: str, offset: int) -> str:
    return f"{name}, line {text.count(chr(10), 0, offset) + 1}"


def _pins(name: str, text: str) -> Iterator[Version]:
    for pattern in (_PIN, _LOCK, _LOCK_JSON, _IMAGE, _CONSTRAINTS):
        for found in pattern.finditer(text):
            yield Version(_number(found.group(1)), Evidence.PINNED, _at(name, text, found.start(1)))
    for found in (*_IMAGE_ARGUMENT.finditer(text), *_ARGUMENT.finditer(text)):
        given = re.search(
            rf"^\s*(?:-\s*)?(?:(?:ARG|ENV)\s+)?{found.group(1)}\s*[=: ]\s*[\"']?(\d+\.\d+(?:\.\d+)?)", text, re.M
        )
        if given is not None:
            yield Version(_number(given.group(1)), Evidence.PINNED, _at(name, text, given.start(1)))
    for found in _RUNTIME.finditer(text):
        # Since Airflow 3 the images are numbered like Airflow; 4 to 13 were all Airflow 2.
        major, minor = int(found.group(1)), int(found.group(2))
        if major == 3:
            yield Version((3, minor), Evidence.PINNED, _at(name, text, found.start(1)))
        elif major > 3:
            yield Version((2,), Evidence.PINNED, _at(name, text, found.start(1)))


def _range(name: str, text: str) -> Version | None:
    """A lower bound tells at least the major version."""
    for pattern in (_RANGE, _POETRY):
        for found in pattern.finditer(text):
            bound = re.search(r"(?:>=|\^|~|>)\s*(\d+(?:\.\d+)*)", found.group(1))
            if bound is None:
                continue
            number = _number(bound.group(1))
            below_three = re.search(r"<=?\s*(?:3|2)\b", found.group(1)) or found.group(1).lstrip().startswith(
                ("^2", "~2")
            )
            if number[0] >= 3 or below_three:
                return Version(number[:2], Evidence.INFERRED, _at(name, text, found.start(1)))
    return None


def _from_code(module: Module) -> Version:
    told = module.memo("airflow: imports", (), lambda: _from_imports(module))
    if told is None and any(
        unit.holds("schedule_interval") and _OLD_ARGUMENT.search(unit.text) for unit in module.units
    ):
        return Version((2,), Evidence.INFERRED, "it uses schedule_interval")
    return told or Version()


def _from_imports(module: Module) -> Version | None:
    imports = module.imports()
    if any(name == "airflow.sdk" or name.startswith("airflow.sdk.") for name in imports):
        return Version((3, 0), Evidence.INFERRED, "it imports airflow.sdk")
    gone = next((name for name in sorted(imports) if name.startswith(_GONE)), None)
    if gone is not None:
        return Version((2,), Evidence.INFERRED, f"it imports {gone}")
    return None
