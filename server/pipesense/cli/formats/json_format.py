"""The format for programs: one object with everything, whatever the level."""

from __future__ import annotations

import json
from typing import Any

from pipesense.cli.result import CheckResult, FindingRow, Range
from pipesense.rule.meta import Severity


def render(result: CheckResult, level: Severity) -> str:
    """The whole result as one JSON object."""
    return json.dumps(as_data(result), ensure_ascii=False, indent=2) + "\n"


def as_data(result: CheckResult) -> dict[str, Any]:
    """The object that is written."""
    return {
        "version": result.version,
        "findings": [_finding(row) for row in sorted(result.findings, key=lambda row: row.order)],
        "not_analysed": [
            {"path": gap.path, "range": as_range(gap.range), "why": gap.why} for gap in result.not_analysed
        ],
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
