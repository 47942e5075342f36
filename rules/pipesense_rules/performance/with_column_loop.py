"""Columns are added one by one in a loop, and the plan grows with each of them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from pipesense.model.change import Replace
from pipesense.model.frames import FrameOperation, FrameScope
from pipesense.model.where import Loc
from pipesense.rule.context import Context
from pipesense.rule.finding import Applicability, Finding, Offer
from pipesense.rule.meta import PRODUCTION, Message, RuleMeta, Severity
from pipesense.rule.rule import rule
from pipesense.text.regex import regex
from pipesense.text.span import Span
from pipesense_rules import frames

META = RuleMeta(
    id="performance/with-column-loop",
    wants=FrameScope,
    pattern="work-where-the-data-is",
    since="0.1",
    roles=PRODUCTION,
    messages={
        "loop": Message(
            Severity.WARNING,
            "{method} in a loop puts a projection of its own on the plan for every column.",
            "Spark analyses the whole plan again at each turn: with a few hundred columns planning takes minutes, or "
            "ends "
            "in a StackOverflowError.",
            "Add all columns in one step: {instead}.",
        ),
    },
)

_HANDFUL: Final = 5
"""So few projections cost nothing that anybody notices."""
_INSTEAD: Final = {
    "withColumn": "withColumns({name: expression for ...}) (Spark 3.3), or one select",
    "withColumnRenamed": "withColumnsRenamed({old: new for ...}) (Spark 3.4), or one toDF",
}


@rule(META)
def with_column_loop(scope: FrameScope, ctx: Context) -> Iterator[Finding]:
    """At the first such method of a loop, where the loop's variable is the frame that it makes."""
    if scope.system != "spark":
        return
    said: set[Loc] = set()
    for each in scope.operations:
        if each.loop_of is not None and each.loop_of.whole in said:
            continue
        if each.loop_of is not None and 0 < each.loop_of.turns <= _HANDFUL:
            continue
        if each.name not in _INSTEAD or each.kind != "frame" or not each.loop:
            continue
        again = (each.use == "assign" and each.detail == each.root) or each.use == "return"
        if again and each.given and each.given[0].form != "constant":
            if each.loop_of is not None:
                said.add(each.loop_of.whole)
            subject = (scope, each)
            yield ctx.finding("loop", at=each.name_loc, subject=subject, method=each.name, instead=_INSTEAD[each.name])


_LINE: Final = 100
_ONLY: Final = regex(r"\s*:\s*(?:if\s+(?P<condition>[^\n]+?)\s*:\s*)?")
"""What stands between the head of a loop and its one statement: nothing, or one condition."""


@with_column_loop.fix
def all_at_once(finding: Finding, subject: tuple[FrameScope, FrameOperation], ctx: Context) -> Offer | None:
    """A dictionary over the loop's header, where the loop holds this one statement and nothing else."""
    scope, each = subject
    loop = each.loop_of
    if each.name != "withColumn" or loop is None or len(each.given) != 2 or frames.surely_older(scope.version, (3, 3)):
        return None
    text = ctx.text(loop.whole)
    if "#" in text or loop.statements != 1 or each.use != "assign":
        return None
    name, value = (ctx.text(given.value_loc) for given in each.given)
    header = f"for {ctx.text(loop.target)} in {ctx.text(loop.over)}"
    if each.use_loc is None or each.use_loc.span.end != loop.whole.span.end:
        return None
    between = _ONLY.fullmatch(ctx.text(loop.whole.at(Span(loop.over.span.end, each.use_loc.span.start))))
    if between is None:
        return None
    if between["condition"]:
        if re.search(rf"\b{re.escape(each.root)}\b", between["condition"]):
            return None
        header = f"{header} if {between['condition']}"
    if f"{each.root}." in value or f"{each.root}[" in value:
        # The expression reads the frame that the turn before has made.
        return None
    made = f"{each.root} = {each.root}.withColumns({{{name}: {value} {header}}})"
    indent = ctx.text(loop.whole.at(Span(0, loop.whole.span.start))).rpartition("\n")[2]
    if len(indent) + len(made) > _LINE and "\n" not in made and not indent.strip():
        made = made.replace("({", f"(\n{indent}    {{", 1)[: -len("})")] + f"}}\n{indent})"
    return Offer("Add all columns with withColumns", Replace(loop.whole, made), Applicability.UNSAFE)
