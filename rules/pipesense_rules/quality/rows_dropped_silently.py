"""Rows or values that do not fit are dropped on the way to a table, and nothing counts them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Final

from pipesense.model.frames import FrameCheck, FrameOperation, FrameScope
from pipesense.model.where import Loc
from pipesense.rule.context import Context
from pipesense.rule.finding import Finding
from pipesense.rule.meta import PRODUCTION, Message, RuleMeta, Severity
from pipesense.rule.rule import rule
from pipesense_rules import frames, shapes

_WHY: Final = (
    "A feed that changes its format loses rows here, and the load stays green; totals are where it is noticed."
)
_DO: Final = "Count what is dropped and fail above a limit, or keep it in a quarantine table."

META = RuleMeta(
    id="quality/rows-dropped-silently",
    wants=(FrameScope, FrameCheck),
    pattern="quarantine",
    since="0.1",
    roles=PRODUCTION,
    messages={
        "bad-lines": Message(
            Severity.WARNING,
            "{setting} drops every line that cannot be read, and nothing counts them.",
            _WHY,
            _DO,
        ),
        "coerced": Message(
            Severity.WARNING,
            '{function} with errors="coerce" turns every value that does not fit into a missing one, uncounted.',
            _WHY,
            _DO,
        ),
        "schema": Message(
            Severity.WARNING,
            "{schema} drops every row that does not fit, and nothing counts them.",
            f"drop_invalid_rows turns what {{schema}} demands into a filter that says nothing. {_WHY}",
            _DO,
        ),
        "keys": Message(
            Severity.WARNING,
            "dropna drops every row without {columns}, and nothing counts them.",
            _WHY,
            _DO,
        ),
    },
)

_COERCING: Final = frozenset({"to_datetime", "to_numeric", "to_timedelta"})
_FIGURES: Final = frozenset({"sum", "mean", "median", "min", "max", "std"})
_SHOWN: Final = frozenset({"argument", "compare", "statement"})
"""Uses of a number that end where it is shown or looked at, where the call is none of a data library."""
_DROPS: Final = frozenset({"dropna", "drop_nulls"})
_OUTER: Final = frozenset({"left", "right", "outer", "full"})
_FAR: Final = 100
_KEY_WORDS: Final = frozenset({"id", "ids", "key", "keys", "uuid", "pk"})


@rule(META)
def rows_dropped_silently(scope: FrameScope | FrameCheck, ctx: Context) -> Iterator[Finding]:
    """At the argument that drops, in scopes that write frames; silent where rows or values are counted behind it.

    For a schema that drops, at the call that holds the frame against it.
    """
    if isinstance(scope, FrameCheck):
        if scope.drops:
            yield ctx.finding("schema", at=scope.loc, schema=scope.schema)
        return
    if not frames.persists(scope):
        return
    places = frames.by_place(scope)
    for number, each in enumerate(scope.operations):
        if each.name in _DROPS and _of_join(each, places):
            continue
        if each.name in _COERCING and each.use == "chain" and _is_for_a_figure(scope, each):
            continue
        found = _dropping(each, ctx)
        if found is not None and not _counted(scope, number):
            yield found


def _is_for_a_figure(scope: FrameScope, each: FrameOperation) -> bool:
    """Whether nothing comes of the values but one number: what is written keeps the text that they were read from."""
    takes = [other for other in scope.operations if each.loc in other.made]
    handed_on = [given.loc for other in scope.operations for given in other.given]
    return bool(takes) and all(
        other.name in _FIGURES
        and other.use in _SHOWN
        and not any(loc.unit == other.loc.unit and loc.span.contains(other.loc.span.start) for loc in handed_on)
        for other in takes
    )


def _dropping(each: FrameOperation, ctx: Context) -> Finding | None:
    if each.kind == "" and each.name.startswith("read_"):
        for name, bad in (("on_bad_lines", "skip"), ("error_bad_lines", False)):
            given = each.argument(name)
            if given is not None and frames.constant(given) == bad and given.form == "constant":
                return ctx.finding("bad-lines", at=given.loc, setting=ctx.text(given.loc))
    if each.kind == "reader" and each.name in ("option", "options", "csv", "json", "load"):
        return _of_spark(each, ctx)
    if each.kind == "" and each.name in _COERCING:
        given = each.argument("errors")
        if given is not None and frames.constant(given) == "coerce":
            return ctx.finding("coerced", at=given.loc, function=each.name)
    if each.kind == "frame" and each.name in _DROPS:
        given = each.argument("subset")
        keys = [column for column in frames.names(given) if shapes.words(column) & _KEY_WORDS]
        if given is not None and keys:
            return ctx.finding("keys", at=given.loc, columns=", ".join(keys))
    return None


def _of_join(each: FrameOperation, places: Mapping[Loc, FrameOperation]) -> bool:
    """Whether an outer join stands behind it: what goes are rows without a partner, as an inner join drops them."""
    return any(
        before.name in ("merge", "join") and frames.constant(before.argument("how")) in _OUTER
        for before in islice(frames.behind(each, places), _FAR)
    )


def _of_spark(each: FrameOperation, ctx: Context) -> Finding | None:
    for number, given in enumerate(each.given):
        value = frames.constant(given)
        named = given.name == "mode" or (number == 1 and str(frames.constant(each.given[0])).lower() == "mode")
        if named and isinstance(value, str) and value.upper() == "DROPMALFORMED":
            return ctx.finding("bad-lines", at=given.loc, setting="mode DROPMALFORMED")
    return None


def _counted(scope: FrameScope, number: int) -> bool:
    """Whether code behind the operation looks at how many rows or values there are."""
    return any(each.name in frames.COUNTS for each in scope.operations[number:])
