"""Findings that a project knows and has decided to live with for now.

A baseline is a JSON file with one line per finding, so that two branches can change it without a conflict.
Findings are known by their fingerprints, which survive edits elsewhere in a file.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass


class BadBaseline(ValueError):
    """A file is no baseline; the text says what is wrong with it, as a clause."""


@dataclass(frozen=True, slots=True, order=True)
class KnownFinding:
    """A finding in a baseline. ``path`` and ``rule`` are there for people; the fingerprint decides."""

    path: str
    rule: str
    fingerprint: str


def parse_baseline(text: str) -> tuple[KnownFinding, ...]:
    """The findings in a baseline file.

    Raises:
        BadBaseline: the text is not what :func:`format_baseline` writes.
    """
    try:
        data = json.loads(text)
    except ValueError as problem:
        raise BadBaseline(f"it is not JSON ({problem})") from None
    except RecursionError:
        raise BadBaseline("it is nested too deeply") from None
    entries = data.get("findings") if isinstance(data, Mapping) else None
    if not isinstance(entries, list):
        raise BadBaseline('it has no list "findings"')
    return tuple(_known(entry) for entry in entries)


def _known(entry: object) -> KnownFinding:
    if isinstance(entry, Mapping):
        path, rule, fingerprint = entry.get("path"), entry.get("rule"), entry.get("fingerprint")
        if isinstance(path, str) and isinstance(rule, str) and isinstance(fingerprint, str):
            return KnownFinding(path, rule, fingerprint)
    raise BadBaseline('an entry of "findings" is not {"path": ..., "rule": ..., "fingerprint": ...}')


def format_baseline(known: Iterable[KnownFinding]) -> str:
    """The text of a baseline file; the same findings always give the same text."""
    lines = [
        json.dumps({"path": each.path, "rule": each.rule, "fingerprint": each.fingerprint})
        for each in sorted(set(known))
    ]
    body = ",\n    ".join(lines)
    return f'{{\n  "findings": [\n    {body}\n  ]\n}}\n' if lines else '{\n  "findings": []\n}\n'
