"""A value is assigned to a selection of a selection, which is a copy that is thrown away."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from pipesense.model.change import Replace, Rewrite
from pipesense.model.frames import FrameOperation, FrameScope
from pipesense.model.where import Loc
from pipesense.rule.context import Context
from pipesense.rule.finding import Applicability, Finding, Offer
from pipesense.rule.meta import EVERYWHERE, FileRole, Message, RuleMeta, Severity
from pipesense.rule.rule import rule
from pipesense.text.span import Span
from pipesense_rules import frames

_COPY_ON_WRITE: Final = (3, 0)
_IN_PLACE: Final = frozenset({"fillna", "replace", "ffill", "bfill", "clip", "mask", "where", "interpolate", "update"})

META = RuleMeta(
    id="correctness/chained-assignment",
    wants=FrameScope,
    pattern="copy-on-write",
    since="0.1",
    roles=EVERYWHERE - {FileRole.GENERATED},
    messages={
        "nothing": Message(
            Severity.ERROR,
            "This assignment changes nothing: {selection} is a copy of the column.",
            "This file runs on pandas {version} ({source}), where every selection behaves as a copy; the frame keeps "
            "its "
            "old values, and only a warning says so.",
            "Assign through the frame itself: {instead}.",
        ),
        "will-be-nothing": Message(
            Severity.WARNING,
            "From pandas 3 on this assignment changes nothing: {selection} is a copy of the column there.",
            "Which pandas runs this file is {evidence}. Up to pandas 2 the frame is changed, with a warning.",
            "Assign through the frame itself: {instead}.",
        ),
        "rows": Message(
            Severity.ERROR,
            "This assignment changes nothing: {selection} is a copy of the chosen rows.",
            "The value goes into the copy, which nothing holds; the frame keeps its old values.",
            "Choose rows and column in one step: {instead}.",
        ),
        "in-place-nothing": Message(
            Severity.ERROR,
            "{method} with inplace=True changes nothing here: {selection} is a copy of the column.",
            "This file runs on pandas {version} ({source}), where every selection behaves as a copy; the frame keeps "
            "its "
            "old values, and only a warning says so.",
            "Assign the result: {instead}.",
        ),
        "in-place-will-be-nothing": Message(
            Severity.WARNING,
            "From pandas 3 on {method} with inplace=True changes nothing here: {selection} is a copy of the column "
            "there.",
            "Which pandas runs this file is {evidence}. Up to pandas 2 the frame is changed, with a warning.",
            "Assign the result: {instead}.",
        ),
    },
)


@rule(META)
def chained_assignment(scope: FrameScope, ctx: Context) -> Iterator[Finding]:
    """At what is assigned to, or at the method that works in place."""
    if scope.system != "pandas":
        return
    places = frames.by_place(scope)
    for each in scope.operations:
        chosen = places.get(each.receiver)
        if chosen is None or chosen.use != "chain":
            continue
        if each.name == "setitem":
            yield from _assigned(scope, each, chosen, ctx)
        elif _works_in_place(each, chosen) and not frames.surely_older(scope.version, _COPY_ON_WRITE):
            yield from _in_place(scope, each, ctx)


def _works_in_place(each: FrameOperation, chosen: FrameOperation) -> bool:
    return (
        each.kind == "series"
        and each.name in _IN_PLACE
        and each.use == "statement"
        and _is_column(chosen)
        and frames.constant(each.argument("inplace")) is True
    )


def _is_column(chosen: FrameOperation) -> bool:
    return chosen.kind == "frame" and chosen.name == "getitem" and "column" in chosen.result_traits


def _assigned(scope: FrameScope, each: FrameOperation, chosen: FrameOperation, ctx: Context) -> Iterator[Finding]:
    selection = _short(ctx.text(each.receiver))
    older = frames.surely_older(scope.version, _COPY_ON_WRITE)
    if each.kind == "series" and _is_column(chosen) and not older:
        instead = _written(each, chosen, ctx) or f"{ctx.text(chosen.receiver)}.loc[rows, column] = ..."
        if frames.surely(scope.version, _COPY_ON_WRITE):
            yield ctx.finding(
                "nothing", at=each.loc, subject=(scope, each), selection=selection, instead=instead, **_version(scope)
            )
        else:
            yield ctx.finding(
                "will-be-nothing",
                at=each.loc,
                subject=(scope, each),
                selection=selection,
                instead=instead,
                evidence=_evidence(scope),
            )
    elif each.kind == "frame" and "selected" in chosen.result_traits and _chooses_rows(chosen):
        instead = _written(each, chosen, ctx) or f"{ctx.text(chosen.receiver)}.loc[rows, column] = ..."
        yield ctx.finding("rows", at=each.loc, subject=(scope, each), selection=selection, instead=instead)


def _chooses_rows(chosen: FrameOperation) -> bool:
    return chosen.name == "getitem" and chosen.given[0].form in ("operator", "name", "call", "item")


def _in_place(scope: FrameScope, each: FrameOperation, ctx: Context) -> Iterator[Finding]:
    selection = _short(ctx.text(each.receiver))
    words: dict[str, Any] = {
        "method": each.name,
        "selection": selection,
        "instead": f"{selection} = {selection}.{each.name}(...)",
    }
    if frames.surely(scope.version, _COPY_ON_WRITE):
        yield ctx.finding("in-place-nothing", at=each.loc, subject=(scope, each), **words, **_version(scope))
    else:
        yield ctx.finding(
            "in-place-will-be-nothing", at=each.loc, subject=(scope, each), **words, evidence=_evidence(scope)
        )


def _version(scope: FrameScope) -> dict[str, Any]:
    return {"version": str(scope.version), "source": scope.version.source}


def _evidence(scope: FrameScope) -> str:
    if not scope.version.number:
        return "not pinned in the workspace"
    return f"{scope.version} ({scope.version.source})"


def _short(text: str) -> str:
    joined = " ".join(text.split())
    return joined if len(joined) <= 60 else joined[:57] + "..."


def _written(each: FrameOperation, chosen: FrameOperation, ctx: Context) -> str | None:
    """The assignment through ``.loc``, where both selections are written out."""
    if not (chosen.given and each.given) or "\n" in ctx.text(each.loc):
        return None
    first, second = chosen.given[0], each.given[0]
    if each.kind == "series":
        rows, column = second, first
    else:
        rows, column = first, second
    if rows.form not in ("operator", "name", "call", "item") or column.form != "constant":
        # A position or a slice means something else in .loc.
        return None
    if rows.form == "name" and each.kind == "series" and not rows.kind:
        return None
    frame = ctx.text(chosen.receiver).removesuffix(".loc")
    if chosen.kind == "indexer" and not ctx.text(chosen.receiver).endswith(".loc"):
        return None
    return f"{frame}.loc[{ctx.text(rows.value_loc)}, {ctx.text(column.value_loc)}]"


@chained_assignment.fix
def through_the_frame(finding: Finding, subject: tuple[FrameScope, FrameOperation], ctx: Context) -> Offer | None:
    """``.loc`` with rows and column, or an assignment of the method's result."""
    scope, each = subject
    chosen = frames.by_place(scope).get(each.receiver)
    if chosen is None:
        return None
    if each.name == "setitem":
        text = _written(each, chosen, ctx)
        return Offer(f"Assign to {text}", Replace(each.loc, text), Applicability.UNSAFE) if text else None
    inplace = each.argument("inplace")
    if inplace is None:
        return None
    column = ctx.text(each.receiver)
    start: Loc = each.loc.at(Span(each.loc.span.start, each.loc.span.start))
    parts = (Replace(start, f"{column} = "), frames.argument_removal(each, inplace))
    return Offer(f"Assign the result of {each.name}", Rewrite(parts), Applicability.UNSAFE)
