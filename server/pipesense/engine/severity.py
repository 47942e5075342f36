"""How bad a finding is where it stands: its rule's severity, unless too little is known of the place for that."""

from __future__ import annotations

from pipesense.engine.record import FileRecord
from pipesense.lang.sql.dialect import is_certain
from pipesense.rule.finding import Finding
from pipesense.rule.meta import FileRole, Severity
from pipesense.rule.registry import Registry
from pipesense.text.span import Span


def severity_at(record: FileRecord, registry: Registry, finding: Finding, span: Span) -> Severity:
    """An error that depends on the dialect is a warning where the dialect is guessed.

    SQL for one occasion runs no more, or not unwatched: nothing in it is more than an information.
    """
    severity = finding.severity
    if record.document.language == "sql" and record.role is FileRole.AD_HOC:
        return max(severity, Severity.INFO)
    if severity is not Severity.ERROR:
        return severity
    rule = registry.get(finding.rule)
    if rule is None or not rule.meta.by_dialect:
        return severity
    said = record.dialect_at(span.start)
    return severity if said is None or is_certain(said[1]) else Severity.WARNING
