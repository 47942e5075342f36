"""How a statement uses its columns: in which clause, compared with what, inside which function, behind which other.

Names are folded to lower case here: usage is evidence about habits, not about what a name means.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from operator import attrgetter
from typing import Final

from pipesense.lang.jinja.references import reference
from pipesense.model.making import quick_to_make
from pipesense.model.sql import Block, Clause, ColumnUse, Expr, Source, StatementFacts
from pipesense.text.span import Span

_COMPARE: Final = frozenset(
    {
        *("eq", "neq", "lt", "lte", "gt", "gte", "is", "is_not", "in", "not_in", "like", "not_like", "ilike"),
        *("not_ilike", "between", "not_between", "is_distinct", "is_not_distinct", "matches", "not_matches"),
    }
)
_ARITHMETIC: Final = frozenset({"add", "sub", "mul", "div", "mod", "concat"})
_PLAIN: Final = frozenset({"and", "or", "not", "neg", "when", "case", "tuple", "array", "desc", "subquery", "exists"})
_NONE: Final = ("", "")
_LONGEST: Final = 40
"""Characters of a literal that is remembered."""

Named = tuple[str, str]
"""The name of a table ("" where it is not known) and of its column."""


@quick_to_make
@dataclass(frozen=True, slots=True)
class Use:
    """A column where it is used.

    ``partner`` is the column that it is compared or calculated with, ``op`` how; ``literals`` what else stands on
    the other side, each with its kind. ``function`` is the innermost call around it and ``argument`` its place
    there. ``item`` counts the items of the clause's list, ``whole`` says that it is all of one, or all of a field of a
    structure. ``before`` and
    ``after`` are its neighbours in the same clause of the same query.
    """

    name: str
    table: str
    qualifier: str
    span: Span
    clause: Clause
    inside: int
    """Where the keyword of its query starts."""
    partner: Named = _NONE
    op: str = ""
    literals: tuple[tuple[str, str], ...] = ()
    function: str = ""
    argument: int = 0
    kind: str = ""
    """"aggregate" or "function" for the call around it."""
    alias: str = ""
    """As written: of the item, or of the field of a structure that it is."""
    item: int = -1
    whole: bool = False
    before: str = ""
    after: str = ""


@quick_to_make
@dataclass(frozen=True, slots=True)
class _Around:
    """What stands around an expression."""

    partner: Named = _NONE
    op: str = ""
    literals: tuple[tuple[str, str], ...] = ()
    function: str = ""
    argument: int = 0
    kind: str = ""
    alias: str = ""
    item: int = -1
    is_field: bool = False


def uses(facts: StatementFacts) -> tuple[Use, ...]:
    """Every use of a column in the statement's queries and changes, in the order of the text."""
    reader = _Reader(facts)
    found = sorted(reader.read(), key=_SPAN)
    last: dict[tuple[int, Clause], int] = {}
    before, after = [""] * len(found), [""] * len(found)
    for at, use in enumerate(found):
        key = (use.inside, use.clause)
        earlier = last.get(key)
        last[key] = at
        if earlier is not None:
            after[earlier] = use.name
            before[at] = found[earlier].name
    return tuple(map(_between, found, before, after))


_SPAN: Final = attrgetter("span")


def _between(use: Use, before: str, after: str) -> Use:
    """The use with its neighbours."""
    if not before and not after:
        return use
    return Use(
        *(use.name, use.table, use.qualifier, use.span, use.clause, use.inside, use.partner, use.op, use.literals),
        *(use.function, use.argument, use.kind, use.alias, use.item, use.whole, before, after),
    )


def table_name(source: Source) -> str:
    """What a source is called by its own name, in lower case; "" for a subquery."""
    if not source.parts:
        return ""
    named = reference(source.parts[-1]) if source.opaque else None
    return (named.name if named is not None else source.parts[-1]).casefold()


def alias_of(source: Source) -> str:
    """What columns are qualified by: the alias, or the name that stands behind dbt's tag; "" for other tags."""
    if not source.alias.startswith("{"):
        return source.alias
    named = reference(source.alias)
    return named.name if named is not None else ""


class _Reader:
    def __init__(self, facts: StatementFacts) -> None:
        self._facts = facts
        self._by_span: dict[Span, ColumnUse] = {use.span: use for use in facts.columns}
        self._aliases: dict[tuple[int, str], str] = {}
        self._only: dict[int, str] = {}
        self._outer: dict[int, Named] = {}
        """What the result of a subquery is compared with, by where it starts."""
        for block in facts.blocks:
            self._know(block.keyword.start, block.every_source)
        write = facts.write
        if write is not None:
            sources = (*write.sources, *(join.source for join in write.joins))
            merged = (write.merge.source,) if write.merge is not None else ()
            self._know(write.keyword.start, (*sources, *merged))
            target = write.target[-1].casefold() if write.target else ""
            if write.verb != "insert":
                self._aliases[(write.keyword.start, (write.alias or target).casefold())] = target
            self._only.setdefault(write.keyword.start, target)

    def _know(self, start: int, sources: tuple[Source, ...]) -> None:
        for source in sources:
            self._aliases[(start, alias_of(source).casefold())] = table_name(source)
        if len(sources) == 1:
            self._only[start] = table_name(sources[0])

    def read(self) -> Iterator[Use]:
        # The outer queries come first: they say what the results of the inner ones are compared with.
        for block in sorted(self._facts.blocks, key=lambda block: block.span.start):
            yield from self._block(block)
        write = self._facts.write
        if write is not None:
            start = write.keyword.start
            yield from self._list(write.where, start)
            for item, (name, value) in enumerate(write.assignments):
                around = _Around(partner=(write.target[-1].casefold(), name.casefold()), op="eq", item=item)
                yield from self._walk(value, around, start)
            for join in write.joins:
                yield from self._list(join.on, start)
            if write.merge is not None:
                yield from self._list(write.merge.on, start)
                for branch in write.merge.branches:
                    for name, value in zip(branch.columns, branch.values, strict=False):
                        around = _Around(partner=(write.target[-1].casefold(), name.casefold()), op="eq")
                        yield from self._walk(value, around, start)

    def _block(self, block: Block) -> Iterator[Use]:
        start = block.keyword.start
        partner = self._outer.get(start, _NONE)
        for item, output in enumerate(block.outputs):
            alias = output.name if output.aliased else ""
            around = _Around(alias=alias, item=item, partner=partner, op="in" if partner[1] else "")
            yield from self._walk(output.expr, around, start)
        for clause in (block.where, block.group, block.having, block.qualify, block.order, block.distinct_on):
            yield from self._list(clause, start)
        for join in block.joins:
            yield from self._list(join.on, start)

    def _list(self, exprs: Iterable[Expr], start: int) -> Iterator[Use]:
        for item, expr in enumerate(exprs):
            yield from self._walk(expr, _Around(item=item), start)

    def _walk(self, expr: Expr, around: _Around, start: int) -> Iterator[Use]:
        todo = [(expr, around)]
        bare = expr.args[0] if expr.op == "desc" and expr.args else expr
        while todo:
            at, near = todo.pop()
            if at.op == "column":
                use = self._use(at, near, start, at is bare or near.is_field)
                if use is not None:
                    yield use
                continue
            if at.query is not None and near.partner[1]:
                self._outer.setdefault(at.query.keyword.start, near.partner)
            inside = near if not near.is_field else replace(near, is_field=False)
            for place, arg in enumerate(at.args):
                todo.append((arg, self._inner(at, place, inside)))

    def _inner(self, at: Expr, place: int, near: _Around) -> _Around:
        if at.op in _COMPARE or at.op in _ARITHMETIC:
            others = [other for number, other in enumerate(at.args) if number != place]
            if at.op in _COMPARE and at.query is not None:
                self._outer.setdefault(at.query.keyword.start, self._named_in(at.args[0]))
            return replace(
                near,
                partner=next((named for other in others if (named := self._named_in(other))[1]), near.partner),
                op=at.op,
                literals=tuple(
                    (each.kind, each.name.casefold()[:_LONGEST])
                    for other in others
                    for each in other.walk()[:4]
                    if each.op == "literal"
                )[:6],
            )
        if at.op == "when":
            return replace(near, op="condition" if place == 0 else "", literals=(), partner=_NONE)
        if at.op == "propertyeq":
            return replace(near, alias=at.name, function="", kind="", is_field=True)
        if at.op in _PLAIN:
            return near
        if at.op == "window":
            return near if place == 0 else replace(near, function="window", argument=0, kind="function")
        name = at.name.casefold() if at.op == "function" else at.op
        return replace(near, function=name, argument=place, kind=at.kind)

    def _named_in(self, expr: Expr) -> Named:
        """The first column of an expression; of a subquery, that of its first output."""
        for each in expr.walk()[:12]:
            if each.op == "column" and each.path:
                return self._table_of(each), each.path[-1].casefold()
            if each.query is not None and each.query.outputs:
                inner = each.query.outputs[0].expr
                first = next((one for one in inner.walk()[:6] if one.op == "column" and one.path), None)
                return (self._table_of(first), first.path[-1].casefold()) if first is not None else _NONE
        return _NONE

    def _table_of(self, expr: Expr) -> str:
        use = self._by_span.get(expr.span)
        if use is None:
            return ""
        owner = use.owner if use.owner >= 0 else use.inside
        if use.source is not None:
            return self._aliases.get((owner, use.source.casefold()), "")
        if len(use.path) > 1:
            return self._aliases.get((use.inside, use.path[-2].casefold()), "")
        return self._only.get(use.inside, "")

    def _use(self, expr: Expr, near: _Around, start: int, whole: bool) -> Use | None:
        if not expr.path:
            return None
        return Use(
            expr.path[-1].casefold(),
            self._table_of(expr),
            expr.path[-2].casefold() if len(expr.path) > 1 else "",
            expr.span,
            expr.clause,
            start,
            near.partner,
            near.op,
            near.literals,
            near.function,
            near.argument,
            near.kind,
            near.alias,
            near.item,
            whole,
        )


Sign = tuple[str, ...]
"""Something about a place that says which column may stand there."""


def signs(use: Use) -> list[Sign]:
    """What a place says, whatever column stands there."""
    clause = use.clause.value
    found: list[Sign] = [("clause", clause)]
    if use.function:
        found.append(("function", use.function, str(use.argument)))
    if use.op and use.literals:
        found.append(("op", use.op, use.literals[0][0]))
    found += [("value", text) for _, text in use.literals]
    if use.partner[1]:
        found.append(("with", use.partner[1]))
        if use.partner[0]:
            found.append(("with", *use.partner))
    if use.before:
        found.append(("after", clause, use.before))
    if use.after:
        found.append(("before", clause, use.after))
    if use.alias:
        found.append(("alias", use.alias.casefold()))
    return found


def stem(name: str) -> str:
    """A name without the short prefix that says of which table it is: ``ss_item_sk`` and ``ws_item_sk`` are alike."""
    prefix, line, rest = name.partition("_")
    return rest if line and rest and len(prefix) <= 3 else name


def stemmed(sign: Sign) -> Sign | None:
    """The sign with the stem of the name that it holds; None for a sign without one."""
    if sign[0] in ("with", "after", "before", "alias"):
        return (sign[0] + "~", *sign[1:-1], stem(sign[-1])) if len(sign) < 3 or sign[0] != "with" else None
    return (sign[0] + "~", *sign[1:]) if sign[0] in ("function", "value", "clause") else None
