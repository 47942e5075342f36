"""What one check of one project said, as data; and the hand verdicts on what it said."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

SEVERITIES = ("error", "warning", "info", "hint")
JUDGEMENTS = ("right", "wrong", "arguable")


class BadInput(ValueError):
    """A verdict file or a check's JSON that does not have the agreed form."""


@dataclass(frozen=True, slots=True)
class Hit:
    """One finding.  ``line`` is 1-based."""

    project: str
    rule: str
    severity: str
    path: str
    line: int
    message: str
    fingerprint: str


@dataclass(frozen=True, slots=True)
class Unread:
    """A piece the check says it did not analyse.  ``line`` is None where that is the whole file."""

    path: str
    line: int | None
    why: str


@dataclass(frozen=True, slots=True)
class SqlFile:
    """A file with SQL: how many statements it has, the dialect it was read in ("" for the generic one), and why."""

    path: str
    statements: int
    dialect: str
    why: str


@dataclass(frozen=True, slots=True)
class NotStatements:
    """Files of a project that look like SQL and hold no statements anybody runs."""

    project: str
    folder: str
    why: str

    def holds(self, project: str, path: str) -> bool:
        return project == self.project and path.startswith(self.folder)


NOT_STATEMENTS = (
    NotStatements(
        "mozilla/bigquery-etl",
        "tests/format_sql/",
        "input and output of a formatter under test: single key words with a semicolon behind each",
    ),
)


@dataclass(frozen=True, slots=True)
class Run:
    """One project's check.  ``exit`` is the process's code: negative for a signal, None: timed out."""

    project: str
    exit: int | None
    wall_seconds: float
    peak_mb: float | None
    files: int = 0
    statements: int = 0
    check_seconds: float = 0.0
    hits: tuple[Hit, ...] = ()
    unread: tuple[Unread, ...] = ()
    recognised: tuple[Unread, ...] = ()
    """Statements known for what they are, in which nothing is judged."""
    sql_files: tuple[SqlFile, ...] = ()
    trouble: str = ""

    @property
    def failed(self) -> bool:
        """Whether the check itself broke, as opposed to finding something."""
        return self.exit not in (0, 1) or bool(self.trouble)


@dataclass(frozen=True, slots=True)
class Verdict:
    """A person's judgement of one hit, found again by fingerprint, or else by line.

    ``again`` is the judgement of a second reading that did not know the first, "" where there was none.
    """

    project: str
    rule: str
    path: str
    judgement: str
    line: int | None = None
    fingerprint: str = ""
    note: str = ""
    again: str = ""

    def judges(self, hit: Hit) -> bool:
        if (self.project, self.rule, self.path) != (hit.project, hit.rule, hit.path):
            return False
        return self.fingerprint == hit.fingerprint if self.fingerprint else self.line == hit.line


def project_name(folder: str) -> str:
    """owner+name -> owner/name."""
    return folder.replace("+", "/", 1)


def read_check(
    project: str, text: str, exit_code: int | None, wall: float, peak_mb: float | None, errors: str = ""
) -> Run:
    """The run that ``check --format json`` printed.  Any other output is reported as trouble."""
    try:
        answer = json.loads(text)
        summary = answer["summary"]
        hits = tuple(_hit(project, f) for f in answer["findings"])
        unread = tuple(_unread(n) for n in answer["not_analysed"])
        recognised = tuple(_unread(n) for n in answer.get("recognised", ()))
        sql_files = tuple(
            SqlFile(f["path"], int(f["statements"]), f["dialect"], f["why"]) for f in answer.get("sql_files", ())
        )
        files, statements = int(summary["files"]), int(summary["statements"])
        seconds = float(summary["seconds"])
    except (ValueError, KeyError, TypeError) as wrong:
        cause = f"output is not the agreed JSON: {type(wrong).__name__} {wrong}"
        return Run(project, exit_code, wall, peak_mb, trouble=_join(cause, _tail(errors)))
    trouble = "" if exit_code in (0, 1) else _join(f"exit {exit_code}", _tail(errors))
    return Run(
        project, exit_code, wall, peak_mb, files, statements, seconds, hits, unread, recognised, sql_files, trouble
    )


def _hit(project: str, f: Mapping[str, Any]) -> Hit:
    line = int(f["range"]["start"]["line"])
    return Hit(project, f["rule"], f["severity"], f["path"], line, f["message"], f["fingerprint"])


def _unread(n: Mapping[str, Any]) -> Unread:
    where = n.get("range")
    return Unread(n["path"], int(where["start"]["line"]) if where else None, n["why"])


def _tail(errors: str) -> str:
    return " | ".join(line.strip() for line in errors.strip().splitlines()[-3:])


def _join(*parts: str) -> str:
    return ": ".join(p for p in parts if p)


def read_verdicts(place: Path) -> tuple[Verdict, ...]:
    """The [[verdict]] tables of a TOML file, or of all in a folder.  Raises BadInput naming the entry that is wrong."""
    files = sorted(place.glob("*.toml")) if place.is_dir() else [place]
    return tuple(verdict for file in files for verdict in _read_file(file))


def _read_file(file: Path) -> tuple[Verdict, ...]:
    try:
        tables = tomllib.loads(file.read_text(encoding="utf-8")).get("verdict", [])
    except tomllib.TOMLDecodeError as wrong:
        raise BadInput(f"{file}: {wrong}") from wrong
    return tuple(_verdict(file, number, table) for number, table in enumerate(tables, 1))


def _verdict(file: Path, number: int, table: Mapping[str, Any]) -> Verdict:
    def fail(why: str) -> BadInput:
        return BadInput(f"{file}: verdict {number}: {why}")

    unknown = set(table) - {"project", "rule", "path", "line", "fingerprint", "is", "note", "again"}
    if unknown:
        raise fail(f"unknown key {', '.join(sorted(unknown))}")
    missing = [k for k in ("project", "rule", "path", "is") if k not in table]
    if missing:
        raise fail(f"{', '.join(missing)} missing")
    if table["is"] not in JUDGEMENTS:
        raise fail(f"is = {table['is']!r}; write one of {', '.join(JUDGEMENTS)}")
    if table.get("again", JUDGEMENTS[0]) not in JUDGEMENTS:
        raise fail(f"again = {table['again']!r}; write one of {', '.join(JUDGEMENTS)}")
    if "line" not in table and "fingerprint" not in table:
        raise fail("give line or fingerprint, so that the hit can be found again")
    return Verdict(
        project=table["project"],
        rule=table["rule"],
        path=table["path"],
        judgement=table["is"],
        line=table.get("line"),
        fingerprint=table.get("fingerprint", ""),
        note=table.get("note", ""),
        again=table.get("again", ""),
    )


def as_json(runs: tuple[Run, ...]) -> str:
    """All runs, for comparing two states of the code."""
    return json.dumps([asdict(r) for r in runs], indent=1, ensure_ascii=False)


def read_runs(file: Path) -> tuple[Run, ...]:
    """The runs that ``as_json`` wrote."""
    return tuple(
        Run(
            **{
                **run,
                "hits": tuple(Hit(**hit) for hit in run["hits"]),
                "unread": tuple(Unread(**piece) for piece in run["unread"]),
                "recognised": tuple(Unread(**piece) for piece in run.get("recognised", ())),
                "sql_files": tuple(SqlFile(**each) for each in run.get("sql_files", ())),
            }
        )
        for run in json.loads(file.read_text(encoding="utf-8"))
    )
