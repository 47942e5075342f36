"""The format for programs: one object with everything, whatever the level."""

from __future__ import annotations

import json
from typing import Any

from pipesense.cli.result import CheckResult, FindingRow, GapRow, Range
from pipesense.rule.meta import Severity


def render(result: CheckResult, level: Severity) -> str:
    """The whole result as one JSON object."""
    return json.dumps(as_data(result), ensure_ascii=False, indent=2) + "\n"


def as_data(result: CheckResult) -> dict[str, Any]:
    """The object that is written; ``sql_files`` stands in it only where it was asked for."""
    sql_files = [
        {"path": row.path, "statements": row.statements, "dialect": row.dialect, "why": row.why}
        for row in result.sql_files
    ]
    more = {"sql_files": sql_files} if sql_files else {}
    return more | {
        "version": result.version,
        "findings": [_finding(row) for row in sorted(result.findings, key=lambda row: row.order)],
        "not_analysed": [_gap(gap) for gap in result.not_analysed],
        "recognised": [_gap(gap) for gap in result.recognised],
        "not_fixed": list(result.not_fixed),
        "problems": list(result.problems),
        "failures": list(result.failures),
        "summary": {
            "files": len(result.files),
            "statements": result.statements,
            "errors": result.count(Severity.ERROR),
            "warnings": result.count(Severity.WARNING),
            "infos": result.count(Severity.INFO),
            "hints": result.count(Severity.HINT),
            "in_baseline": result.in_baseline,
            "fixed": result.fixed,
            "seconds": round(result.seconds, 3),
        },
    }


def as_range(range: Range) -> dict[str, dict[str, int]]:  # noqa: A002 (the contract's own word)
    """A range as the contract spells it."""
    return {
        "start": {"line": range.start.line, "column": range.start.column},
        "end": {"line": range.end.line, "column": range.end.column},
    }


def _gap(gap: GapRow) -> dict[str, Any]:
    return {"path": gap.path, "range": as_range(gap.range), "why": gap.why}


def _finding(row: FindingRow) -> dict[str, Any]:
    return {
        "path": row.path,
        "rule": row.rule,
        "severity": row.severity.word,
        "message": row.message,
        "range": as_range(row.range),
        "fingerprint": row.fingerprint,
        "fixes": [{"id": fix.id, "title": fix.title, "applicability": fix.applicability.value} for fix in row.fixes],
        "related": [
            {"path": place.path, "range": as_range(place.range), "message": place.text} for place in row.related
        ],
    }
