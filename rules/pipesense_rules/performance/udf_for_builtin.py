"""Spark calls Python for every row, for something that it has a function for."""

from __future__ import annotations

from collections.abc import Iterator

from pipesense.model.change import Rewrite
from pipesense.model.frames import RowFunction
from pipesense.rule.context import Context
from pipesense.rule.finding import Applicability, Finding, Offer
from pipesense.rule.meta import PRODUCTION, Message, RuleMeta, Severity
from pipesense.rule.rule import rule

META = RuleMeta(
    id="performance/udf-for-builtin",
    wants=RowFunction,
    pattern="work-where-the-data-is",
    since="0.1",
    roles=PRODUCTION,
    messages={
        "builtin": Message(
            Severity.INFO,
            "Every row goes to a Python process and back for {body}.",
            "A function of Python is opaque to the optimiser, fails on a missing value, and costs a copy of each value "
            "both ways.",
            "Use {instead} of pyspark.sql.functions, which runs inside Spark.",
        ),
    },
)


@rule(META)
def udf_for_builtin(function: RowFunction, ctx: Context) -> Iterator[Finding]:
    """At what makes it a function of rows."""
    body = " ".join(function.body.split())
    short = body if len(body) <= 50 else body[:47] + "..."
    yield ctx.finding("builtin", at=function.loc, subject=function, body=short, instead=function.instead)


@udf_for_builtin.fix
def use_builtin(finding: Finding, function: RowFunction, ctx: Context) -> Offer | None:
    """The built-in function under the name of the UDF."""
    if not function.parts:
        return None
    change = Rewrite(function.parts, function.imports)
    return Offer(f"Use {function.instead} instead of Python", change, Applicability.UNSAFE)
