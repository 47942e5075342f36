"""Which columns name rows of other tables, and which tables hold the parts of a table's totals."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from pipesense.model.data import Column, Confidence, DatasetName, Relation
from pipesense.model.quality import TotalsAgree
from pipesense.quality import columns as said

_KEY_ENDS: Final = ("_id", "_key", "_sk")
_PARTS: Final = ("items", "lines", "details", "positions", "item", "line", "detail", "position")


@dataclass(frozen=True, slots=True)
class Reference:
    """``columns`` name a row of ``target``; ``target_columns`` is empty where its key is not known."""

    columns: tuple[str, ...]
    target: DatasetName
    target_columns: tuple[str, ...]
    declared: bool


def neighbours(relation: Relation) -> tuple[str, ...]:
    """Names of tables (innermost part, lower case) whose shapes help to judge a relation."""
    found = [key.target.table for key in relation.foreign_keys]
    for column in _open_keys(relation):
        found += _parents(_stem(column))
    own = said.words(relation.dataset.table)
    if own:
        head = "_".join(own[:-1])
        row = said.singular(own[-1])
        for name in dict.fromkeys((row, own[-1])):
            stem = f"{head}_{name}" if head else name
            found += [f"{stem}_{part}" for part in _PARTS]
    return tuple(dict.fromkeys(name for name in found if name != relation.dataset.table))


def references(relation: Relation, related: Iterable[Relation]) -> Iterator[Reference]:
    """Declared foreign keys, then columns that are named like another table's key."""
    known = list(related)
    for key in relation.foreign_keys:
        target = _one(each for each in known if each.dataset.match(key.target) is not Confidence.NONE)
        columns = key.target_columns or (target.primary_key if target is not None else ())
        fitting = columns if len(columns) == len(key.columns) else ()
        yield Reference(key.columns, target.dataset if target is not None else key.target, fitting, True)
    for column in _open_keys(relation):
        names = _parents(_stem(column))
        parent = _one(each for each in known if each.dataset.table in names)
        if parent is not None and (own := _key_for(column, parent)) is not None:
            yield Reference((column.name,), parent.dataset, (own,), False)


def _one(found: Iterable[Relation]) -> Relation | None:
    """The relation where there is exactly one."""
    several = list(found)
    return several[0] if len(several) == 1 else None


def _open_keys(relation: Relation) -> Iterator[Column]:
    """Columns that are named like a key of another table, and of which nothing is declared."""
    declared = {name.lower() for key in relation.foreign_keys for name in key.columns}
    alone = relation.primary_key[0].lower() if len(relation.primary_key) == 1 else ""
    for column in relation.columns:
        name = column.name.lower()
        if name.endswith(_KEY_ENDS) and name not in declared and name != alone:
            yield column


def _stem(column: Column) -> str:
    return column.name.lower().rpartition("_")[0]


def _parents(stem: str) -> tuple[str, ...]:
    """The names that the table of such a key may have."""
    head, _, last = stem.rpartition("_")
    names = [f"{head}_{each}" if head else each for each in said.plurals(last)] if last else []
    return tuple(each for name in names for each in (name, f"dim_{name}", f"{name}_dim"))


def _key_for(column: Column, parent: Relation) -> str | None:
    """The one column that is the parent's key, where the type is the same or not known."""
    if len(parent.primary_key) != 1:
        return None
    name = parent.primary_key[0]
    key = next((each for each in parent.columns if each.name.lower() == name.lower()), None)
    if key is None or name.lower() not in (column.name.lower(), "id", f"{_stem(column)}_sk", f"{_stem(column)}_key"):
        return None
    numbers = said.is_number(column), said.is_number(key)
    return name if not (column.type and key.type) or numbers == (True, True) or column.type == key.type else None


_TOTALS: Final = ("total_amount", "amount_total", "total", "order_total", "invoice_total", "grand_total", "subtotal")
_LINE_TOTALS: Final = ("line_total", "line_amount", "total_price", "amount", "total", "total_amount")
_QUANTITIES: Final = ("quantity", "qty")
_PRICES: Final = ("unit_price", "price")


def totals(relation: Relation, related: Iterable[Relation]) -> Iterator[tuple[TotalsAgree, str]]:
    """Where this table and another are header and detail: the header's total against the sum of the parts."""
    for other in related:
        for header, detail in ((relation, other), (other, relation)):
            agree = _agree(header, detail, relation)
            if agree is not None:
                yield agree, f"{detail.dataset.table} holds what {agree.total} of {header.dataset.table} is made of"


def _agree(header: Relation, detail: Relation, subject: Relation) -> TotalsAgree | None:
    row = said.words(header.dataset.table)
    if not row or not detail.dataset.table.endswith(_PARTS) or said.singular(row[-1]) not in detail.dataset.table:
        return None
    total = _number(header, _TOTALS)
    key = next(
        (
            each
            for each in references(detail, [header])
            if each.target == header.dataset and each.target_columns == header.primary_key
        ),
        None,
    )
    factors = _factors(detail)
    if total is None or key is None or not factors:
        return None
    own = (total, *key.target_columns) if header is subject else (*key.columns, *factors)
    return TotalsAgree(total, header.dataset, key.target_columns, detail.dataset, key.columns, factors, own)


def _factors(detail: Relation) -> tuple[str, ...]:
    whole = _number(detail, _LINE_TOTALS)
    if whole is not None:
        return (whole,)
    quantity, price = _number(detail, _QUANTITIES), _number(detail, _PRICES)
    return (quantity, price) if quantity is not None and price is not None else ()


def _number(relation: Relation, names: tuple[str, ...]) -> str | None:
    by_name = {each.name.lower(): each for each in relation.columns if said.is_number(each)}
    return next((by_name[name].name for name in names if name in by_name), None)
