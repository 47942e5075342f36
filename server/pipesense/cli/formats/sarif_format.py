"""SARIF 2.1.0, as code scanning services read it.

https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html; section numbers below are of that document.
"""

from __future__ import annotations

import json
import posixpath
import re
from pathlib import PureWindowsPath
from typing import Any, Final
from urllib.parse import quote

from pipesense.cli.result import CheckResult, Edit, FindingRow, FixRow, GapRow, Range, RuleRow
from pipesense.rule.meta import Severity

_SCHEMA: Final = "https://json.schemastore.org/sarif-2.1.0.json"
_LEVELS: Final = {
    Severity.ERROR: "error",
    Severity.WARNING: "warning",
    Severity.INFO: "note",
    Severity.HINT: "note",
}
_BASE: Final = "%SRCROOT%"

Json = dict[str, Any]


def render(result: CheckResult, level: Severity) -> str:
    """The result as one SARIF log with one run."""
    rows = sorted(result.at_least(level), key=lambda row: row.order)
    used = {row.rule for row in rows}
    rules = sorted((rule for rule in result.rules if rule.id in used), key=lambda rule: rule.id)
    index = {rule.id: at for at, rule in enumerate(rules)}
    driver = {
        "name": "PipeSense",
        "version": result.version,
        "semanticVersion": result.version,
        "rules": [_rule(rule) for rule in rules],
    }
    run: Json = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "originalUriBaseIds": {_BASE: {"uri": _file_uri(result.folder).rstrip("/") + "/"}},
        "invocations": [_invocation(result)],
        "artifacts": [{"location": _artifact(path)} for path in result.files],
        "results": [_result(row, index) for row in rows],
    }
    return json.dumps({"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}, ensure_ascii=False, indent=2) + "\n"


def _rule(rule: RuleRow) -> Json:
    """A reportingDescriptor (§3.49)."""
    described: Json = {
        "id": rule.id,
        "name": "".join(word.capitalize() for word in re.split(r"\W+", rule.id)),
        "defaultConfiguration": {"level": _LEVELS[rule.severity]},
        "properties": {"tags": [rule.id.partition("/")[0], *([rule.pattern] if rule.pattern else [])]},
    }
    if rule.page is not None:
        described["shortDescription"] = {"text": rule.page.title or rule.id}
        described["fullDescription"] = {"text": rule.page.summary or rule.page.title or rule.id}
        teaching = rule.page.teaching
        described["help"] = {"text": teaching or rule.page.summary, "markdown": teaching or rule.page.summary}
    return described


def _result(row: FindingRow, index: dict[str, int]) -> Json:
    """A result (§3.27)."""
    made: Json = {
        "ruleId": row.rule,
        "level": _LEVELS[row.severity],
        "message": {"text": row.message},
        "locations": [{"physicalLocation": _place(row.path, row.range)}],
        "partialFingerprints": {"pipesense/v1": row.fingerprint},
        "properties": {"severity": row.severity.word},
    }
    if row.rule in index:
        made["ruleIndex"] = index[row.rule]
    if row.related:
        made["relatedLocations"] = [
            {"id": at, "physicalLocation": _place(place.path, place.range), "message": {"text": place.text}}
            for at, place in enumerate(row.related)
        ]
    fixes = [_fix(fix) for fix in row.fixes if fix.edits]
    if fixes:
        made["fixes"] = fixes
    return made


def _fix(fix: FixRow) -> Json:
    """A fix (§3.55)."""
    return {
        "description": {"text": f"{fix.title} ({fix.applicability.value})"},
        "artifactChanges": [
            {"artifactLocation": _artifact(path), "replacements": [_replacement(edit) for edit in edits]}
            for path, edits in fix.edits.items()
            if edits
        ],
    }


def _replacement(edit: Edit) -> Json:
    return {"deletedRegion": _region(edit.range), "insertedContent": {"text": edit.text}}


def _invocation(result: CheckResult) -> Json:
    """An invocation (§3.20); what was not judged is told here."""
    told: Json = {"executionSuccessful": not result.failures, "workingDirectory": {"uri": _file_uri(result.folder)}}
    notifications = [_gap(gap) for gap in result.not_analysed]
    notifications += [{"level": "error", "message": {"text": text}} for text in result.failures]
    if notifications:
        told["toolExecutionNotifications"] = notifications
    if result.problems:
        told["toolConfigurationNotifications"] = [
            {"level": "error", "message": {"text": text}} for text in result.problems
        ]
    return told


def _gap(gap: GapRow) -> Json:
    return {
        "level": "note",
        "message": {"text": f"Not analysed: {gap.why}"},
        "locations": [{"physicalLocation": _place(gap.path, gap.range)}],
    }


def _place(path: str, range: Range) -> Json:  # noqa: A002
    return {"artifactLocation": _artifact(path), "region": _region(range)}


def _region(range: Range) -> Json:  # noqa: A002
    """A region (§3.30); like ours, its end column is that of the character behind."""
    return {
        "startLine": range.start.line,
        "startColumn": range.start.column,
        "endLine": range.end.line,
        "endColumn": range.end.column,
    }


def _artifact(path: str) -> Json:
    if posixpath.isabs(path) or PureWindowsPath(path).is_absolute():
        return {"uri": _file_uri(path)}
    return {"uri": quote(path, errors="surrogateescape"), "uriBaseId": _BASE}


def _file_uri(path: str) -> str:
    rooted = path.replace("\\", "/") if PureWindowsPath(path).is_absolute() else path
    return "file://" + ("" if rooted.startswith("/") else "/") + quote(rooted, safe="/:", errors="surrogateescape")
