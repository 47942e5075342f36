"""SQL is given to SQLAlchemy 2 as a plain string, which it refuses."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from pipesense.model.change import Replace, Rewrite, imported
from pipesense.model.frames import FrameOperation, FrameScope, Given
from pipesense.rule.context import Context
from pipesense.rule.finding import Applicability, Finding, Offer
from pipesense.rule.meta import EVERYWHERE, FileRole, Message, RuleMeta, Severity
from pipesense.rule.rule import rule
from pipesense.text.regex import regex
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
            "SQLAlchemy {version} ({source}) raises {error}: it takes text() and its own expressions only.",
            _DO,
        ),
        "refused-since-2": Message(
            Severity.WARNING,
            "{method} is given a plain string.",
            "Which SQLAlchemy runs this file is {evidence}. Version 2 raises {error}: it takes "
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
            yield ctx.finding(
                "refused", at=given.value_loc, subject=(scope, each), method=each.name, error=_error(each), **words
            )
        else:
            number = f"{scope.version} ({scope.version.source})"
            evidence = number if scope.version.number else "not pinned in the workspace"
            subject = (scope, each)
            yield ctx.finding(
                "refused-since-2",
                at=given.value_loc,
                subject=subject,
                method=each.name,
                error=_error(each),
                evidence=evidence,
            )


def _error(each: FrameOperation) -> str:
    return "ArgumentError" if each.kind.startswith("session") else "ObjectNotExecutableError"


def _text(each: FrameOperation) -> Given | None:
    """The SQL that an operation is given as a string."""
    if each.kind not in ("connection", "transaction", "session", "session maker") or each.name not in (
        "execute",
        "scalar",
        "scalars",
    ):
        return None
    given = each.given[0] if each.given else None
    if given is None or given.name or given.kind or given.form not in ("constant", "f-string", "name", "operator"):
        return None
    return given if is_sql(given.starts) else None


_MEANS_MORE: Final = regex(r"%|\\|(?<!:):\w")
"""What a driver and text() read in different ways: placeholders, and escapes of colons."""


@raw_string_execute.fix
def wrap_in_text(finding: Finding, subject: tuple[FrameScope, FrameOperation], ctx: Context) -> Offer | None:
    """text() around the string, where it holds nothing that text() would take for a parameter."""
    scope, each = subject
    given = each.given[0]
    written = ctx.text(given.value_loc)
    if given.form == "name":
        value = frames.constant(given)
        if not isinstance(value, str) or _MEANS_MORE.search(value):
            return None
    elif _MEANS_MORE.search(written) or given.form not in ("constant", "f-string"):
        return None
    if len(each.given) > 1 and any(one.form in ("list", "call") for one in each.given[1:]):
        # Values by position belong to the driver's own placeholders.
        return None
    change = Rewrite((Replace(given.value_loc, f"{imported('text')}({written})"),), (("text", "sqlalchemy"),))
    # What is computed may hold a colon, which text() would read as a parameter.
    sure = given.form != "f-string" and frames.surely(scope.version, _TWO)
    return Offer("Wrap it in text()", change, Applicability.SAFE if sure else Applicability.UNSAFE)
