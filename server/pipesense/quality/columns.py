"""What a column's name and type say about its values.

Names are evidence, never proof: what is told from a name alone says so, and is proposed, never reported.
"""

from __future__ import annotations

import re
from typing import Final

from pipesense.model.columns import Family
from pipesense.model.data import Column
from pipesense.model.quality import Pattern, Sureness
from pipesense.text.regex import regex

_WORD: Final = regex(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")


def _set(text: str) -> frozenset[str]:
    return frozenset(text.split())


def words(name: str) -> tuple[str, ...]:
    """The words of a name in snake_case or CamelCase, in lower case."""
    return tuple(word.lower() for word in _WORD.findall(name))


def is_number(column: Column) -> bool:
    """Whether the type is a number's; an unknown type is none."""
    return column.family in (Family.INT, Family.DECIMAL, Family.FLOAT)


def is_text(column: Column) -> bool:
    """Whether the type is a text's."""
    return column.family is Family.STRING


def is_date(column: Column) -> bool:
    """Whether the type is a date without time."""
    return column.family is Family.DATE


def is_time(column: Column) -> bool:
    """Whether the type is a point in time."""
    return column.family in (Family.TIMESTAMP, Family.TIMESTAMPTZ)


def enum_values(column: Column) -> tuple[str, ...]:
    """The literals of a type ``ENUM('a','b')``."""
    return tuple(re.findall(r"'(?:[^']|'')*'", column.type)) if column.type.startswith("ENUM(") else ()


def is_identifier(column: Column) -> bool:
    """Whether the name says that the value names something instead of measuring it."""
    return words(column.name)[-1:] in (("id",), ("key",), ("sk",), ("code",), ("no",), ("number",), ("nr",), ("uuid",))


_SIGNED: Final = _set(
    "change growth diff difference delta net profit margin adjustment refund refunds credit variance "
    "balance gain loss yoy mom wow return returns offset correction drift pnl"
)
_PERCENT: Final = frozenset({"pct", "percent", "percentage"})
_SHARES: Final = _PERCENT | {"rate", "ratio", "share", "avg", "average", "mean", "median", "per"}
_NOT_NEGATIVE: Final = {
    **dict.fromkeys(("quantity", "qty", "count", "cnt", "price", "salary", "weight"), Sureness.LIKELY),
    **dict.fromkeys(("bytes", "duration", "distance", "population"), Sureness.LIKELY),
    **dict.fromkeys(("amount", "cost", "fee", "revenue", "total", "subtotal", "discount", "tax"), Sureness.GUESS),
}


def bounds(column: Column) -> tuple[str, str, str, Sureness] | None:
    """(minimum, maximum, reason, sureness) of a number, told from its name."""
    if not is_number(column) or is_identifier(column):
        return None
    name = column.name
    said = words(name)
    last = said[-1] if said else ""
    if _SIGNED & set(said):
        return None
    if last == "age":
        return "0", "150", f"{name} is named like a person's age", Sureness.LIKELY
    if _PERCENT & set(said):
        return "0", "100", f"{name} is named like a percentage", Sureness.LIKELY
    if last == "probability":
        return "0", "1", f"{name} is named like a probability", Sureness.LIKELY
    if last in ("latitude", "lat"):
        return "-90", "90", f"{name} is named like a latitude", Sureness.LIKELY
    if last in ("longitude", "lon", "lng"):
        return "-180", "180", f"{name} is named like a longitude", Sureness.LIKELY
    meant = next((word for word in reversed(said) if word in _NOT_NEGATIVE), None)
    if meant is None:
        return None
    sureness = _NOT_NEGATIVE[meant]
    more = "" if sureness is Sureness.LIKELY else ", which is negative for refunds and corrections only"
    return "0", "", f"{name} is named like {_a(meant)}{more}", sureness


def adds_up(column: Column) -> bool:
    """Whether a sum over the column means something: amounts and counts, not ages, shares or identifiers."""
    said = set(words(column.name))
    measures = bool(said & (_SIGNED | _NOT_NEGATIVE.keys())) and not said & _SHARES
    return measures and is_number(column) and not is_identifier(column)


def _a(word: str) -> str:
    return word if word in ("revenue", "bytes") else f"a{'n' if word[0] in 'aeiou' else ''} {word}"


def pattern(column: Column) -> Pattern | None:
    """The shape of a text, told from its name and length."""
    if not is_text(column):
        return None
    said = words(column.name)
    if said[-1:] == ("email",) or said[-2:] == ("email", "address"):
        return Pattern.EMAIL
    if said[-1:] in (("uuid",), ("guid",)):
        return Pattern.UUID
    length = re.search(r"\((\d+)\)", column.type)
    size = length.group(1) if length else ""
    coded = said[-1:] in (("code",), ("iso",), ("iso2",), ("iso3",)) or size in ("2", "3")
    if "country" in said and coded and not {"phone", "dial", "dialing", "numeric"} & set(said):
        return {"2": Pattern.COUNTRY_2, "3": Pattern.COUNTRY_3}.get(size, Pattern.COUNTRY)
    if said[-1:] == ("currency",) or said[-2:] == ("currency", "code"):
        return Pattern.CURRENCY
    return None


_PAIRS: Final = (
    ("start", "end", Sureness.LIKELY),
    ("begin", "end", Sureness.LIKELY),
    ("started", "ended", Sureness.LIKELY),
    ("started", "finished", Sureness.LIKELY),
    ("valid_from", "valid_to", Sureness.LIKELY),
    ("from", "to", Sureness.LIKELY),
    ("effective", "expiry", Sureness.LIKELY),
    ("effective", "expiration", Sureness.LIKELY),
    ("opened", "closed", Sureness.LIKELY),
    ("created", "updated", Sureness.GUESS),
)


def ordered(columns: tuple[Column, ...]) -> list[tuple[Column, Column, Sureness]]:
    """Pairs of points in time of which one cannot come before the other."""
    by_name = {column.name.lower(): column for column in columns if is_time(column) or is_date(column)}
    found: list[tuple[Column, Column, Sureness]] = []
    for name, column in by_name.items():
        for first, second, sureness in _PAIRS:
            partner = re.sub(rf"(?<![a-z]){first}(?![a-z])", second, name)
            other = by_name.get(partner)
            if partner != name and other is not None and other.type == column.type:
                found.append((column, other, sureness))
                break
    return found


_LOADED: Final = _set(
    "loaded load ingested ingestion inserted imported import extracted synced etl elt dwh batched processed"
)
_CHANGED: Final = frozenset({"updated", "modified", "changed"})
_HAPPENED: Final = frozenset({"event", "occurred", "happened", "received", "recorded", "created", "logged"})
_MOMENT: Final = _set("at time ts timestamp date datetime day on dt tstamp synced")


def moment(columns: tuple[Column, ...], table: str) -> tuple[Column, str] | None:
    """The column that says how new the rows are, and what it tells: "loaded", "changed" or "happened"."""
    own = singular(words(table)[-1]) if words(table) else ""
    best: tuple[int, Column, str] | None = None
    for column in columns:
        if not (is_time(column) or is_date(column)):
            continue
        said = set(words(column.name))
        if not said & _MOMENT:
            continue
        for rank, (asked, meaning) in enumerate(
            ((_LOADED, "loaded"), (_CHANGED, "changed"), (_HAPPENED, "happened"), ({own}, "happened"))
        ):
            if said & asked and (best is None or rank < best[0]):
                best = (rank, column, meaning)
    return (best[1], best[2]) if best is not None else None


def singular(word: str) -> str:
    """A table's word for one of its rows."""
    if word.endswith("ies") and len(word) > 4:
        return word[:-3] + "y"
    if word.endswith(("sses", "xes", "ches", "shes")):
        return word[:-2]
    return word[:-1] if word.endswith("s") and not word.endswith(("ss", "us", "is")) else word


def plurals(word: str) -> tuple[str, ...]:
    """The names that a table of such rows may have."""
    if word.endswith("y") and word[-2:-1] not in "aeiou":
        return word, word[:-1] + "ies"
    return (word, word + "es") if word.endswith(("s", "x", "ch", "sh")) else (word, word + "s")
