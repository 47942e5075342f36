"""GitLab's Code Quality report.

https://docs.gitlab.com/ci/testing/code_quality/ ("Code Quality report format").
"""

from __future__ import annotations

import json
from typing import Final

from pipesense.cli.result import CheckResult
from pipesense.rule.meta import Severity

_SEVERITIES: Final = {
    Severity.ERROR: "critical",
    Severity.WARNING: "major",
    Severity.INFO: "minor",
    Severity.HINT: "info",
}


def render(result: CheckResult, level: Severity) -> str:
    """A JSON array with one entry per finding."""
    entries = [
        {
            "description": row.message,
            "check_name": row.rule,
            "fingerprint": row.fingerprint,
            "severity": _SEVERITIES[row.severity],
            "location": {"path": row.path, "lines": {"begin": row.range.start.line, "end": row.range.end.line}},
        }
        for row in sorted(result.at_least(level), key=lambda row: row.order)
    ]
    return json.dumps(entries, ensure_ascii=False, indent=2) + "\n"
