"""Two frames are joined on the way to a table, and nothing says how many rows may match."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from pipesense.model.change import Replace
from pipesense.model.frames import FrameOperation, FrameScope, Given
from pipesense.model.where import Loc
from pipesense.rule.context import Context
from pipesense.rule.finding import Applicability, Finding, Offer
from pipesense.rule.meta import PRODUCTION, Message, RuleMeta, Severity
from pipesense.rule.rule import rule
from pipesense.text.span import Span
from pipesense_rules import frames

META = RuleMeta(
    id="quality/merge-without-validate",
    wants=FrameScope,
    pattern="join-conditions",
    since="0.1",
    roles=PRODUCTION,
    messages={
        "unchecked": Message(
            Severity.INFO,
            "Nothing says how many rows of the right side may match one of the left in this merge.",
            "One key that comes twice on the right doubles the rows of the left, sums grow, and nothing raises.",
            'Say validate="m:1" where the right side has one row per key: pandas raises MergeError otherwise.',
        ),
    },
)

_UNIQUE: Final = frozenset(
    {"drop_duplicates", "groupby", "agg", "aggregate", "size", "nunique", "value_counts", "pivot_table", "pivot"}
)
_NOT_JOINED: Final = ("cross",)


@rule(META)
def merge_without_validate(scope: FrameScope, ctx: Context) -> Iterator[Finding]:
    """At the method, where what is merged reaches a write of the scope."""
    if scope.system != "pandas" or not frames.persists(scope):
        return
    places = frames.by_place(scope)
    written = _written(scope, places)
    for each in scope.operations:
        if each.name != "merge" or each.kind not in ("frame", "") or each.loc not in written or each.open:
            continue
        if each.argument("validate") is not None or frames.constant(each.argument("how")) in _NOT_JOINED:
            continue
        # With no key named, all columns that are called the same are meant; nobody sees here which.
        keyed = any(each.argument(name) is not None for name in ("on", "left_on", "right_on", "right_index"))
        right = each.argument("right", 0 if each.kind else 1)
        if keyed and right is not None and right.made and not _one_row_per_key(right, places):
            yield ctx.finding("unchecked", at=each.name_loc, subject=each)


def _written(scope: FrameScope, places: Mapping[Loc, FrameOperation]) -> set[Loc]:
    """The operations whose results reach a write."""
    todo = [loc for each in scope.operations if frames.is_write(each) for loc in each.made]
    found: set[Loc] = set()
    while todo:
        loc = todo.pop()
        if loc not in found:
            found.add(loc)
            todo += places[loc].made if loc in places else ()
    return found


def _one_row_per_key(right: Given, places: Mapping[Loc, FrameOperation]) -> bool:
    """Whether rows of the same key may have been brought together, or are unknown from the start."""
    todo, seen = list(right.made), set[Loc]()
    while todo:
        loc = todo.pop()
        each = places.get(loc)
        if each is None:
            return True
        if each.name in _UNIQUE or each.kind == "grouped":
            return True
        if loc not in seen:
            seen.add(loc)
            todo += each.made
    return False


@merge_without_validate.fix
def say_it(finding: Finding, each: FrameOperation, ctx: Context) -> Offer | None:
    """validate="m:1" behind the last argument."""
    last = each.given[-1]
    at = last.loc.at(Span(last.loc.span.end, last.loc.span.end))
    return Offer('Add validate="m:1"', Replace(at, ', validate="m:1"'), Applicability.UNSAFE)
