"""Of several versions of a row one is kept, and nothing says which."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Final

from pipesense.model.frames import FrameOperation, FrameScope
from pipesense.model.where import Loc
from pipesense.rule.context import Context
from pipesense.rule.finding import Finding
from pipesense.rule.meta import PRODUCTION, Message, RuleMeta, Severity
from pipesense.rule.rule import rule
from pipesense_rules import frames

META = RuleMeta(
    id="quality/dedupe-without-order",
    wants=FrameScope,
    pattern="latest-version",
    since="0.1",
    roles=PRODUCTION,
    messages={
        "first": Message(
            Severity.WARNING,
            "{method} keeps the first row of each {columns}, and nothing put the rows in order.",
            "Which version survives depends on the order in which the source happened to give them; the next run may "
            "keep another one.",
            "Sort by what makes a row the newest before it, and say keep= explicitly.",
        ),
        "any": Message(
            Severity.WARNING,
            "{method} keeps any one row of each {columns}.",
            "Which version survives depends on how the rows are spread over partitions, so two runs over the same data "
            "can differ. Sorting before it does not help.",
            "Number the rows of each key with row_number() over a window that orders them, and keep number 1.",
        ),
        "polars": Message(
            Severity.WARNING,
            "{method} keeps any one row of each {columns}.",
            'keep is "any" unless it is said: polars promises nothing about which version survives, and works in '
            "several threads.",
            'Sort by what makes a row the newest, and say keep="last" with maintain_order=True.',
        ),
    },
)

_SORTS: Final = frozenset({"sort_values", "sort_index", "nlargest", "nsmallest", "sort", "orderBy", "sort_by"})
_IN_ORDER: Final = frozenset({"concat", "DataFrame", "DataFrame.from_records", "DataFrame.from_dict"})
"""Functions of pandas whose rows stand in an order that the code chose: of frames put one behind another, the row of
the first one stays."""
_REDUCES: Final = frozenset({"getitem", "select", "groupby", "groupBy", "agg", "unique", "distinct", "filter"})


@rule(META)
def dedupe_without_order(scope: FrameScope, ctx: Context) -> Iterator[Finding]:
    """At the method, in scopes that write what is kept."""
    if not frames.persists(scope):
        return
    places = frames.by_place(scope)
    for each in scope.operations:
        if each.kind not in ("frame", "lazy frame") or "streaming" in each.traits:
            continue
        if each.name == "drop_duplicates" and scope.system == "pandas":
            found = _pandas(each, places)
            if found and _rest_is_constant(each, scope, found):
                continue
        elif each.name in ("dropDuplicates", "drop_duplicates") and scope.system == "spark":
            found = _spark(each, places)
        elif each.name == "unique" and scope.system == "polars":
            found = _polars(each, places)
        else:
            continue
        if found:
            variant = {"pandas": "first", "polars": "polars"}.get(scope.system, "any")
            yield ctx.finding(variant, at=each.name_loc, method=each.name, columns=" and ".join(found))


def _pandas(each: FrameOperation, places: Mapping[Loc, FrameOperation]) -> tuple[str, ...]:
    """The columns by which rows count as the same, where any of several may stay; () where that is decided."""
    given = each.argument("subset", 0)
    columns = frames.names(given)
    if not columns or each.argument("keep") is not None or each.open:
        return ()
    history = _history(each, places)
    if any(one.name in _SORTS or (one.kind == "" and one.name in _IN_ORDER) for one in history):
        return ()
    return columns if _known(history) and not _only(columns, history) else ()


def _rest_is_constant(each: FrameOperation, scope: FrameScope, columns: tuple[str, ...]) -> bool:
    """Whether all that is taken of the result are the columns themselves and such as have one value in every row."""
    taken = [one for one in scope.operations if each.loc in one.made]
    fixed = {
        name
        for one in scope.operations
        if one.name == "setitem" and len(one.given) > 1 and one.given[1].form == "constant"
        for name in frames.names(one.given[0])
    }
    return bool(taken) and all(
        one.name == "getitem"
        and one.given
        and frames.names(one.given[0])
        and set(frames.names(one.given[0])) <= {*columns, *fixed}
        for one in taken
    )


def _spark(each: FrameOperation, places: Mapping[Loc, FrameOperation]) -> tuple[str, ...]:
    columns = frames.names(each.given[0] if each.given else None)
    history = _history(each, places)
    return () if not columns or not _known(history) or _only(columns, history) else columns


def _polars(each: FrameOperation, places: Mapping[Loc, FrameOperation]) -> tuple[str, ...]:
    """As for pandas, with the default that keeps any row."""
    columns = frames.names(each.argument("subset", 0))
    keep = each.argument("keep", 1)
    if not columns or each.open or (keep is not None and frames.constant(keep) != "any"):
        return ()
    history = _history(each, places)
    return () if not _known(history) or _only(columns, history) else columns


_FAR: Final = 100


def _history(each: FrameOperation, places: Mapping[Loc, FrameOperation]) -> list[FrameOperation]:
    """The operations behind one, nearest first; none where there are too many to tell anything from."""
    history = list(islice(frames.behind(each, places), _FAR))
    return history if len(history) < _FAR else []


def _known(history: list[FrameOperation]) -> bool:
    """Whether the frame's rows come from a source that gives them in no promised order."""
    return bool(history) and all(one.kind in ("", "reader", "session", "builder") for one in history if not one.made)


def _only(columns: tuple[str, ...], history: list[FrameOperation]) -> bool:
    """Whether the frame has nothing beside the columns: then the rows that go are the same as the one that stays."""
    nearest = history[0] if history else None
    if nearest is None or nearest.name not in _REDUCES:
        return False
    left: set[str] = set()
    for given in nearest.given:
        left.update(given.columns)
    return bool(left) and left <= set(columns)
