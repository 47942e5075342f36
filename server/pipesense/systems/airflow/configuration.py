"""What a deployment's configuration sets for all DAGs: airflow.cfg, and the variables that stand above it.

A variable beats the file (https://airflow.apache.org/docs/apache-airflow/3.1.0/howto/set-config.html). Which of
several files of a project runs in production nobody can tell here: where two disagree, the setting is unknown.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache
from typing import Final

from pipesense.model.value import Absent, Known, Origin, Unknown, Value
from pipesense.text.regex import regex

CONFIGURATION_FILES: Final = ("airflow.cfg", "airflow/airflow.cfg", "config/airflow.cfg", "docker/airflow.cfg")
_SECTIONS: Final = {
    "default_task_retries": "core",
    "default_task_retry_delay": "core",
    "default_task_execution_timeout": "core",
    "max_active_runs_per_dag": "core",
    "catchup_by_default": "scheduler",
}
"""https://airflow.apache.org/docs/apache-airflow/3.1.0/configurations-ref.html; the same sections in 2.x."""
_VARIABLE: Final = regex(
    r"\bAIRFLOW__(?:" + "|".join(f"{section}__{key}".upper() for key, section in _SECTIONS.items()) + r")\b"
    r"[\"']?[ \t]*[=:]?[ \t]*[\"']?(?P<value>[^\s\"'#,}\\]*)"
)
_SECTION: Final = regex(r"(?m)^\[(\w+)\][ \t]*$")
_ENTRY: Final = regex(rf"(?m)^({'|'.join(_SECTIONS)})[ \t]*=[ \t]*([^\n#;]*)")
_COMMENT: Final = regex(r"(?m)^[ \t]*[#;][^\n]*")


@dataclass(frozen=True, slots=True)
class Configured:
    """The settings that the project's files hold, by Airflow's own names ("default_task_retries")."""

    given: tuple[tuple[str, str], ...] = ()
    """(name, "value\\nplace"); an empty value is one that files disagree about or that is computed."""

    def number(self, name: str, usual: int) -> Value[int]:
        """A number; one that says what Airflow does anyway counts as not set, since the generated file holds it."""
        return self._read(name, usual, int)

    def duration(self, name: str, usual: timedelta | None) -> Value[timedelta]:
        """A number of seconds."""
        seconds = self._read(name, -1 if usual is None else int(usual.total_seconds()), int)
        if isinstance(seconds, Known):
            return Known(timedelta(seconds=seconds.value), None, seconds.origin)
        if isinstance(seconds, Absent):
            return Absent(Known(usual) if usual is not None else Unknown("there is none"), seconds.searched)
        return seconds

    def switch(self, name: str) -> bool | None:
        """True or False as it is written; None where nothing, or nothing readable, is."""
        found = dict(self.given).get(name)
        return (
            {"true": True, "1": True, "false": False, "0": False}.get(found.split("\n")[0].lower()) if found else None
        )

    def place(self, name: str) -> str:
        """Where the setting stands ("airflow.cfg, line 12"), "" where it stands nowhere."""
        return dict(self.given).get(name, "\n").split("\n")[1]

    def searched(self, name: str) -> str:
        """What was looked at, in words."""
        return self.place(name) or "airflow.cfg (it is not in the workspace)"

    def _read(self, name: str, usual: int, kind: type[int]) -> Value[int]:
        found = dict(self.given).get(name)
        if found is None:
            return Absent(Known(usual), (self.searched(name),))
        text, place = found.split("\n")
        if not text.isdigit():
            return Unknown(f"what {place} says cannot be told")
        value = kind(text)
        return Absent(Known(usual), (place,)) if value == usual else Known(value, None, Origin.PROJECT_FILE)


def configured(files: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    """What the files say, variables before airflow.cfg."""
    said: dict[str, tuple[str, str]] = {}
    above: set[str] = set()
    for name, text in files.items():
        if name not in CONFIGURATION_FILES and "AIRFLOW__" in text:
            for key, value, place in _variables(name, text):
                known = said.get(key)
                said[key] = (value if known is None or known[0] == value else "", known[1] if known else place)
                above.add(key)
    for name in CONFIGURATION_FILES:
        for key, value, place in _entries(name, files[name]) if name in files else ():
            if key not in above:
                said.setdefault(key, (value, place))
    return tuple((key, f"{value}\n{place}") for key, (value, place) in sorted(said.items()))


@lru_cache(maxsize=64)
def _variables(name: str, text: str) -> tuple[tuple[str, str, str], ...]:
    text = _COMMENT.sub(lambda found: " " * len(found[0]), text)
    return tuple(_found(name, text, found.group(0), found) for found in _VARIABLE.finditer(text))


def _found(name: str, text: str, written: str, found: re.Match[str]) -> tuple[str, str, str]:
    key = re.split(r"[^A-Z_]", written, maxsplit=1)[0].rpartition("__")[2].lower()
    value = found.group("value")
    return key, "" if "$" in value else value, _at(name, text, found.start())


@lru_cache(maxsize=64)
def _entries(name: str, text: str) -> tuple[tuple[str, str, str], ...]:
    return tuple(_in_sections(name, _COMMENT.sub(lambda found: " " * len(found[0]), text)))


def _in_sections(name: str, text: str) -> Iterator[tuple[str, str, str]]:
    heads = [*_SECTION.finditer(text)]
    for at, head in enumerate(heads, 1):
        behind = heads[at].start() if at < len(heads) else len(text)
        for found in _ENTRY.finditer(text, head.end(), behind):
            # An empty entry asks for Airflow's own default, as no entry does.
            if _SECTIONS[found.group(1)] == head.group(1) and found.group(2).strip():
                yield found.group(1), found.group(2).strip(), _at(name, text, found.start())


def _at(name: str, text: str, offset: int) -> str:
    return f"{name}, line {text.count(chr(10), 0, offset) + 1}"
