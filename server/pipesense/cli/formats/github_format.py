"""Annotations on a pull request, as workflow commands of GitHub Actions.

https://docs.github.com/actions/reference/workflow-commands-for-github-actions ("Setting an error message").
"""

from __future__ import annotations

from typing import Final

from pipesense.cli.result import CheckResult, FindingRow, counted
from pipesense.rule.meta import Severity

_COMMANDS: Final = {
    Severity.ERROR: "error",
    Severity.WARNING: "warning",
    Severity.INFO: "notice",
    Severity.HINT: "notice",
}


def render(result: CheckResult, level: Severity) -> str:
    """One command per finding, and one for what was not judged."""
    rows = sorted(result.at_least(level), key=lambda row: row.order)
    lines = [_annotation(row) for row in rows]
    lines += [f"::error title=pipesense::{_data(text)}" for text in (*result.problems, *result.failures)]
    if result.not_analysed:
        places = "\n".join(f"{gap.path}:{gap.range.start.line}: {gap.why}" for gap in result.not_analysed)
        what = f"{counted(len(result.not_analysed), 'place')} not analysed"
        lines.append(f"::notice title=pipesense::{_data(what + chr(10) + places)}")
    return "".join(line + "\n" for line in lines)


def _annotation(row: FindingRow) -> str:
    place: dict[str, str | int] = {"file": row.path, "line": row.range.start.line, "endLine": row.range.end.line}
    if row.range.start.line == row.range.end.line:
        # Columns are only understood on one line.
        place |= {"col": row.range.start.column, "endColumn": row.range.end.column}
    place["title"] = row.rule
    properties = ",".join(f"{name}={_property(str(value))}" for name, value in place.items())
    return f"::{_COMMANDS[row.severity]} {properties}::{_data(row.message)}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
