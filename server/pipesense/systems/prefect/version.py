"""Which Prefect a file runs on, and what the project's files set for every flow."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Final

from pipesense.lang.python import pins
from pipesense.lang.python.module import Module
from pipesense.model.value import Evidence, Version

SETTING_FILES: Final = ("prefect.toml", "pyproject.toml", ".env", "Dockerfile", "docker-compose.yml")
DEPLOYMENT_FILES: Final = ("prefect.yaml", "deployment.yaml")
VERSION_FILES: Final = tuple(dict.fromkeys((*pins.FILES, *SETTING_FILES, *DEPLOYMENT_FILES)))

_ONE: Final = frozenset(
    {
        *("prefect.Parameter", "prefect.case", "prefect.mapped", "prefect.engine", "prefect.executors"),
        *("prefect.run_configs", "prefect.storage", "prefect.environments", "prefect.utilities.edges"),
    }
)
"""What only Prefect 1 has."""
_TWO: Final = ("prefect.orion", "prefect.deployments.Deployment", "prefect.filesystems.S3", "prefect.filesystems.GCS")
"""What Prefect 3 no longer has."""
_THREE: Final = ("prefect.cache_policies", "prefect.transactions", "prefect.events.DeploymentEventTrigger")
_DEFAULTS: Final = {
    "tasks.default_retries": r"PREFECT_TASKS?_DEFAULT_RETRIES",
    "tasks.default_retry_delay_seconds": r"PREFECT_TASKS?_DEFAULT_RETRY_DELAY_SECONDS",
    "flows.default_retries": r"PREFECT_FLOWS?_DEFAULT_RETRIES",
}
"""Settings that apply where code sets nothing, with the variables that set them.

https://docs.prefect.io/v3/api-ref/settings-ref (3.8): ``tasks.default_retries``, ``flows.default_retries``.
"""


def version_in_use(module: Module, files: Mapping[str, str], configured: str | None) -> Version:
    """The version with its evidence; the first of configuration, project files and code that says something."""
    own = pins.number(configured) if configured is not None else ()
    found = Version(own, Evidence.PINNED, "the configuration") if own else None
    found = found or pins.pinned("prefect", files, "prefecthq/prefect") or _from_code(module)
    settings = (*_settings(files), *_deployments(files))
    return replace(found, project=settings) if settings else found


def _from_code(module: Module) -> Version:
    return module.memo("prefect: imports", (), lambda: _from_imports(module))


def _from_imports(module: Module) -> Version:
    imports = module.imports()
    for number, names in (((1,), _ONE), ((3,), _THREE), ((2,), _TWO)):
        found = next((each for each in sorted(imports) if each.startswith(tuple(names))), None)
        if found is not None:
            return Version(number, Evidence.INFERRED, f"it imports {found}")
    return Version()


def _settings(files: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    for name in SETTING_FILES:
        text = files.get(name, "")
        for key, variable in _DEFAULTS.items() if "prefect" in name or "prefect" in text.lower() else ():
            section, _, last = key.partition(".")
            found = re.search(rf"\b{variable}\s*[=:]\s*[\"']?([\d.]+)", text)
            if found is None and name.endswith(".toml"):
                head = section if name == "prefect.toml" else rf"tool\.prefect\.{section}"
                found = re.search(rf"(?ms)^\[{head}\][^\[]*?^{last}\s*=\s*[\"']?([\d.]+)", text)
            if found is not None:
                yield key, found.group(1)


def _deployments(files: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """The schedules in prefect.yaml, by the entry point of their flow ("flows/load.py:load")."""
    for name in DEPLOYMENT_FILES:
        text = files.get(name, "")
        for block in re.split(r"(?m)^\s*-\s+(?=name\s*:)", text)[1:]:
            entry = re.search(r"(?m)^\s*entrypoint\s*:\s*[\"']?([\w./\\-]+\.py:\w+)", block)
            if entry is None:
                continue
            when = re.search(r"(?m)^\s*(?:-\s+)?(?:cron|rrule|interval)\s*:\s*(\"[^\"\n]*\"|'[^'\n]*'|[^#\n]+)", block)
            yield f"schedule of {entry.group(1).removeprefix('./')}", when.group(1).strip(" \"'") if when else ""
