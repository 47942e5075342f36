"""What the characters of each range must be, fact by fact: a range that says something else is a bug."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import fields, is_dataclass

from pipesense.model.sql import (
    AlterAction,
    Block,
    ColumnDef,
    ColumnUse,
    Comparison,
    Create,
    Cte,
    Drop,
    Expr,
    Hole,
    Join,
    MergeBranch,
    Output,
    SetOperation,
    Source,
    StatementFacts,
    WindowCall,
    Write,
)
from pipesense.text.span import Span

_QUOTES = "\"'`[]"
_JOIN_WORDS = re.compile(r"(?:\b(?:\w+_)?JOIN|\bAPPLY|^,|^LATERAL VIEW(?: OUTER)?|^STRAIGHT_JOIN)$", re.IGNORECASE)
_STARTS = {
    "case": re.compile(r"CASE\b.*\bEND\Z", re.IGNORECASE | re.DOTALL),
    "null": re.compile(r"NULL\Z", re.IGNORECASE),
    "boolean": re.compile(r"(?:TRUE|FALSE)\Z", re.IGNORECASE),
    "window": re.compile(r".*\bOVER\b.*", re.IGNORECASE | re.DOTALL),
    "exists": re.compile(r"EXISTS\b.*\)\Z", re.IGNORECASE | re.DOTALL),
    "subquery": re.compile(r"(?:\(|SELECT\b|WITH\b|VALUES\b).*", re.IGNORECASE | re.DOTALL),
    "interval": re.compile(r"INTERVAL\b.*", re.IGNORECASE | re.DOTALL),
    "star": re.compile(r".*\*\Z", re.DOTALL),
}
_OPERATORS = re.compile(
    r"(?:[=<>!~^*]+|IS(?: NOT)?(?: DISTINCT FROM| NOT DISTINCT FROM)?|(?:NOT |GLOBAL |GLOBAL NOT )?IN|ISNULL|NOTNULL"
    r"|(?:NOT )?(?:LIKE|ILIKE|BETWEEN|RLIKE|REGEXP|GLOB|SIMILAR TO)|REGEXP_LIKE"
    r"|IS (?:NOT )?DISTINCT)\Z",
    re.IGNORECASE,
)
_COMMENTS = re.compile(
    r"('(?:[^'\\]|''|\\.)*'|\"(?:[^\"\\]|\"\"|\\.)*\"|`[^`]*`)|--[^\n]*|/\*.*?\*/|#(?![>\w#-])[^\n]*", re.DOTALL
)
_OPAQUE = re.compile(r"\{[{%]|\$\$")


class Claims:
    """Goes through the facts of one statement and counts ranges that are wrong or missing."""

    def __init__(self, facts: StatementFacts, text: str) -> None:
        self.text = text
        self.holes = facts.holes
        self.checked = 0
        self.missing: list[str] = []
        self.wrong: list[str] = []
        self._seen: set[int] = set()
        if not facts.error:
            self._visit(facts, None)

    def _visit(self, fact: object, outer: Span | None) -> None:
        if isinstance(fact, tuple) and not isinstance(fact, Span):
            for one in fact:
                self._visit(one, outer)
            return
        if not is_dataclass(fact) or isinstance(fact, (type, Hole)) or id(fact) in self._seen:
            return
        self._seen.add(id(fact))
        inside = outer
        for name, span in () if isinstance(fact, StatementFacts) else _spans(fact):
            self.checked += 1
            where = f"{type(fact).__name__}.{name}"
            if span.end < 0:
                self.missing.append(f"{where} {getattr(fact, 'op', '')}".strip())
                continue
            self._check(fact, name, span, where)
            if name == "span" and isinstance(fact, Expr):
                if outer is not None and outer.end >= 0 and not (outer.start <= span.start and span.end <= outer.end):
                    self._say(f"{where} {fact.op} leaves what it stands in", span)
                # The parts of a named window stand elsewhere.
                inside = span if fact.op != "window" else None
        for field in fields(fact):
            value = getattr(fact, field.name)
            if isinstance(fact, Expr) and field.name == "args":
                self._visit(value, inside)
            elif not isinstance(value, Span):
                self._visit(value, None)

    def _check(self, fact: object, name: str, span: Span, where: str) -> None:
        said = span.of(self.text)
        if not 0 <= span.start <= span.end <= len(self.text):
            self._say(f"{where} is outside of the text", span)
        elif not said or said != said.strip():
            self._say(f"{where} is empty or ends in blanks", span)
        elif not self._masked(span) and not _OPAQUE.search(said):
            # ``LISTAGG(a) WITHIN GROUP (ORDER BY b)`` is read as "a, ordered by b", which stands in two brackets.
            if not _balanced(said) and getattr(fact, "op", "") != "order":
                self._say(f"{where} {getattr(fact, 'op', '')} cuts brackets or quotes", span)
            for complaint in _complaints(fact, name, said):
                self._say(f"{where} {complaint}", span)

    def _masked(self, span: Span) -> bool:
        return any(hole.span.start < span.end and span.start < hole.span.end for hole in self.holes)

    def _say(self, what: str, span: Span) -> None:
        self.wrong.append(f"{what}: {span.of(self.text)[:120]!r}")


def _spans(fact: object) -> Iterator[tuple[str, Span]]:
    for field in fields(fact):  # type: ignore[arg-type]
        value = getattr(fact, field.name)
        if isinstance(value, Span):
            yield field.name, value


def _complaints(fact: object, name: str, said: str) -> Iterator[str]:
    words = " ".join(_without_comments(said).split())
    if isinstance(fact, Expr):
        yield from _expression(fact, said, words)
    elif isinstance(fact, Comparison):
        if name == "operator" and not _OPERATORS.match(words):
            yield f"{fact.op} is no operator"
    elif isinstance(fact, ColumnUse):
        if not _names(said, fact.path):
            yield f"is not {'.'.join(fact.path)}"
    elif isinstance(fact, Source):
        if name == "name_span" and not _names(said, fact.parts):
            yield f"is not {'.'.join(fact.parts)}"
    elif isinstance(fact, Join):
        if name == "keyword" and not _JOIN_WORDS.search(words):
            yield "are no words that join"
    elif isinstance(fact, Output):
        if name == "name_span" and _bare(said) != fact.name:
            yield f"is not {fact.name}"
    elif isinstance(fact, Cte):
        if (name == "name_span" and _bare(said) != fact.name) or (name == "span" and not words.endswith(")")):
            yield f"is not {fact.name}"
    elif isinstance(fact, Block):
        yield from _block(name, words.upper())
    elif isinstance(fact, SetOperation):
        if name == "operator" and not words.upper().startswith(("UNION", "EXCEPT", "INTERSECT", "MINUS")):
            yield "is no set operator"
    elif isinstance(fact, WindowCall):
        if " OVER" not in f" {words.upper()}":
            yield "has no OVER"
    elif isinstance(fact, Write):
        if name == "keyword" and words.upper() not in (fact.verb.upper(), "REPLACE"):
            yield f"is not {fact.verb}"
        elif name == "target_span" and not _names(said, fact.target):
            yield f"is not {'.'.join(fact.target)}"
    elif isinstance(fact, MergeBranch):
        if not words.upper().startswith("WHEN"):
            yield "is no WHEN"
    elif isinstance(fact, ColumnDef):
        if name == "name_span" and _bare(said) != fact.name:
            yield f"is not {fact.name}"
    elif isinstance(fact, (Create, Drop)):
        if name == "keyword" and words.upper() != type(fact).__name__.upper():
            yield "is another word"
        elif name == "kind_span" and words.lower().split()[-1] != fact.kind.split()[-1]:
            yield f"is not {fact.kind}"
    elif isinstance(fact, AlterAction) and name == "name_span" and _bare(said) != fact.name:
        yield f"is not {fact.name}"


def _expression(fact: Expr, said: str, words: str) -> Iterator[str]:
    shape = _STARTS.get(fact.op)
    bare = words
    while bare.startswith("(") and bare.endswith(")") and _balanced(bare[1:-1]) and fact.op != "subquery":
        bare = bare[1:-1].strip()
    if shape is not None:
        if not shape.match(bare):
            yield f"{fact.op} is no {fact.op}"
    elif fact.op == "column" and fact.path:
        if not _names(bare, fact.path):
            yield f"is not {'.'.join(fact.path)}"
    elif fact.op == "literal" and fact.kind == "number":
        if bare.lower().lstrip("+-") != fact.name.lower():
            yield f"is not {fact.name}"
    elif fact.kind in ("function", "aggregate") and not re.match(
        r"(?:[\w\".]|`[^`]*`|\[[^\]]*\])+\s*\(|[\w]+\Z|.*[\]:>]", bare, re.DOTALL
    ):
        yield f"{fact.op} is no call"


def _block(name: str, words: str) -> Iterator[str]:
    starts = {
        "keyword": ("SELECT", "FROM", "ASSERT"),
        "group_span": ("GROUP BY",),
        "order_span": ("ORDER BY",),
        "limit_span": ("LIMIT", "TOP", "FETCH"),
    }.get(name)
    if starts is not None and not words.startswith(starts):
        yield f"does not start with {starts[0]}"


def _without_comments(said: str) -> str:
    return _COMMENTS.sub(lambda found: found[1] or " ", said)


def _bare(said: str) -> str:
    quoted = len(said) > 1 and said[0] in _QUOTES
    inner = said[1:-1] if quoted else said
    return inner.replace(said[0] * 2, said[0]) if quoted else inner


def _names(said: str, parts: tuple[str, ...]) -> bool:
    """Whether a path is written so, whatever the quotes and blanks."""
    plain = re.sub(r"[\"`\[\]\s']", "", _without_comments(said)).casefold()
    return plain == re.sub(r"[\"`\[\]\s']", "", ".".join(parts)).casefold()


def _balanced(said: str) -> bool:
    plain = _COMMENTS.sub(" ", said)
    depth = 0
    for character in plain:
        depth += {"(": 1, ")": -1}.get(character, 0)
        if depth < 0:
            return False
    return depth == 0
