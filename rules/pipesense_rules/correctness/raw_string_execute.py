"""SQL is given to SQLAlchemy 2 as a plain string, which it refuses."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from pipesense.model.frames import FrameOperation, FrameScope, Given
from pipesense.rule.context import Context
from pipesense.rule.finding import Finding
from pipesense.rule.meta import EVERYWHERE, FileRole, Message, RuleMeta, Severity
from pipesense.rule.rule import rule
from pipesense_rules import frames
from pipesense_rules.sql_text import is_sql

_TWO: Final = (2, 0)
_DO: Final = "Wrap it in sqlalchemy.text(...), and pass values as parameters."

META = RuleMeta(
    id="correctness/raw-string-execute",
    wants=FrameScope,
    pattern="parameterised-sql",
    since="0.1",
    roles=EVERYWHERE - {FileRole.GENERATED},
    messages={
        "refused": Message(
            Severity.ERROR,
            "{method} is given a plain string.",
            "SQLAlchemy {version} ({source}) raises ObjectNotExecutableError: it takes text() and its own "
            "expressions only.",
            _DO,
        ),
        "refused-since-2": Message(
            Severity.WARNING,
            "{method} is given a plain string.",
            "Which SQLAlchemy runs this file is {evidence}. Version 2 raises ObjectNotExecutableError: it takes "
            "text() and "
            "its own expressions only.",
            _DO,
        ),
    },
)


@rule(META)
def raw_string_execute(scope: FrameScope, ctx: Context) -> Iterator[Finding]:
    """At the string."""
    if scope.system != "sql_clients" or frames.surely_older(scope.version, _TWO):
        return
    for each in scope.operations:
        given = _text(each)
        if given is None:
            continue
        if frames.surely(scope.version, _TWO):
            words: dict[str, Any] = {"version": str(scope.version), "source": scope.version.source}
            yield ctx.finding("refused", at=given.value_loc, method=each.name, **words)
        else:
            number = f"{scope.version} ({scope.version.source})"
            evidence = number if scope.version.number else "not pinned in the workspace"
            yield ctx.finding("refused-since-2", at=given.value_loc, method=each.name, evidence=evidence)


def _text(each: FrameOperation) -> Given | None:
    """The SQL that an operation is given as a string."""
    if each.kind not in ("connection", "transaction") or each.name not in ("execute", "scalar", "scalars"):
        return None
    given = each.given[0] if each.given else None
    if given is None or given.name or given.kind or given.form not in ("constant", "f-string", "name", "operator"):
        return None
    return given if is_sql(given.starts) else None
