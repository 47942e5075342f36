"""The baseline of a check: which findings it hides, and how it is written."""

from __future__ import annotations

import os
import posixpath
from collections.abc import Iterable
from dataclasses import dataclass

from pipesense.cli.result import FindingRow
from pipesense.engine.baseline import BadBaseline, KnownFinding, format_baseline, parse_baseline
from pipesense.engine.config import parse_config
from pipesense.engine.files import Unreadable
from pipesense.host.discovery import nearest_config, posix
from pipesense.host.disk import read_file
from pipesense.host.write import WriteRefused, create, replace_text
from pipesense.rule.registry import Registry


@dataclass(frozen=True, slots=True)
class Known:
    """Fingerprints of findings to hide, and what is wrong with the files they should have come from."""

    fingerprints: frozenset[str] = frozenset()
    problems: tuple[str, ...] = ()


def baseline_files(given: str | None, targets: Iterable[str], registry: Registry) -> tuple[str, ...]:
    """The baseline named on the command line, else those that the settings of the targets name."""
    if given is not None:
        return (posix(given),)
    found: dict[str, None] = {}
    for config in dict.fromkeys(nearest_config(target) for target in targets):
        named = _configured(config, registry) if config is not None else None
        if config is not None and named is not None:
            found[posix(posixpath.join(posixpath.dirname(config), named))] = None
    return tuple(found)


def _configured(config: str, registry: Registry) -> str | None:
    try:
        settings = parse_config(config, read_file(config).text, registry, frozenset)
    except Unreadable:
        return None
    return settings.baseline if settings is not None else None


def read_known(files: Iterable[str]) -> Known:
    """The findings in some baseline files."""
    found: set[str] = set()
    problems: list[str] = []
    for path in files:
        try:
            found.update(each.fingerprint for each in parse_baseline(read_file(path).text))
        except Unreadable as problem:
            hint = "; --write-baseline makes it" if not os.path.lexists(path) else ""
            problems.append(f"The baseline {path} cannot be read: {problem.reason}{hint}.")
        except BadBaseline as problem:
            problems.append(f"The baseline {path} cannot be read: {problem}; --write-baseline makes it anew.")
    return Known(frozenset(found), tuple(problems))


def write_known(path: str, rows: Iterable[FindingRow]) -> str | None:
    """Record findings as known; or why that cannot be."""
    text = format_baseline(KnownFinding(row.path, row.rule, row.fingerprint) for row in rows)
    try:
        if os.path.lexists(path):
            replace_text(read_file(path), text)
        else:
            create(path, text)
    except (WriteRefused, Unreadable) as problem:
        return f"The baseline {path} was not written: {problem.reason}."
    return None
