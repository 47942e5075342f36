"""String expressions as virtual texts with a map back to their source.

Literals are read from their characters, not from ``ast``'s values: before Python 3.12 the parts of an f-string
have no positions of their own.
"""

from __future__ import annotations

import ast
import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from pipesense.lang.python.syntax import parsed_of
from pipesense.model.making import quick_to_make
from pipesense.model.sql import Hole
from pipesense.model.value import Known
from pipesense.model.where import Loc
from pipesense.text.regex import regex
from pipesense.text.source_map import Piece, PieceKind, SourceMap
from pipesense.text.span import Span

if TYPE_CHECKING:
    from pipesense.lang.python.module import Module

_PREFIX_QUOTE: Final = regex(r"""([A-Za-z]{0,2})(\"{3}|'{3}|"|')""")
_BETWEEN: Final = regex(r"(?:\s|\\\r?\n|#[^\r\n]*)+")
_ESCAPE: Final = regex(
    r"\\(?:(?P<simple>[\\'\"abfnrtv])|(?P<join>\r\n|\n|\r)|(?P<octal>[0-7]{1,3})"
    r"|x(?P<x>[0-9a-fA-F]{2})|u(?P<u>[0-9a-fA-F]{4})|U(?P<U>[0-9a-fA-F]{8})|N\{(?P<name>[^}]+)\})"
)
_SIMPLE: Final = {"a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}
_FORMAT_FIELD: Final = regex(r"\{\{|\}\}|\{([^{}!:]*)(?:![rsa])?(?::[^{}]*)?\}")
_PERCENT_FIELD: Final = regex(r"%%|%(?:\((\w+)\))?[-+ #0]*(?:\*|\d+)?(?:\.\d+)?[sdifgrxeaco]")
_UNCHANGED: Final = frozenset(
    {
        *("textwrap.dedent", "inspect.cleandoc", "sqlalchemy.text", "sqlalchemy.sql.text"),
        *("psycopg2.sql.SQL", "psycopg.sql.SQL"),
    }
)
_STRIPS: Final = frozenset({"strip", "lstrip", "rstrip", "expandtabs"})


@quick_to_make
@dataclass(frozen=True, slots=True)
class EmbeddedText:
    """The text that a string expression makes.

    ``map`` leads to offsets relative to the unit of ``loc`` (the expression that holds the text; another place than
    the argument when a name was followed). ``holes`` are spans of the virtual text; each is filled with
    an identifier as long as its source. A field whose constant is known stands as that constant. ``complete`` is
    False where text nobody can see may stand before, behind or between.
    """

    text: str
    map: SourceMap
    holes: tuple[Hole, ...]
    complete: bool
    loc: Loc


@quick_to_make
@dataclass(frozen=True, slots=True)
class _Part:
    """A stretch of virtual text; ``hole`` is its kind where it stands for something unknown, "" otherwise."""

    text: str
    source: Span
    kind: PieceKind
    hole: str = ""
    written: str = ""


@dataclass(slots=True)
class _Draft:
    parts: list[_Part] = field(default_factory=list)
    complete: bool = True

    def verbatim(self, text: str, start: int) -> None:
        if text:
            self.parts.append(_Part(text, Span(start, start + len(text)), PieceKind.VERBATIM))

    def escape(self, text: str, source: Span) -> None:
        if text:
            self.parts.append(_Part(text, source, PieceKind.ESCAPE))

    def hole(self, written: str, source: Span, kind: str) -> None:
        self.parts.append(_Part(_filler(len(written), len(self.parts)), source, PieceKind.MASKED, kind, written))


def _filler(length: int, number: int) -> str:
    """An identifier of a length, as far as it fits unlike the ones before."""
    return f"h{number}".ljust(length, "_")[:length]


def literal(node: ast.expr, module: Module) -> EmbeddedText | None:
    """The text of a string expression, None where it is none.

    Read are literals, implicit and ``+`` concatenation, f-strings, ``.format()``, ``%``, ``textwrap.dedent``,
    ``.strip()``, ``sqlalchemy.text``, psycopg's ``sql.SQL``, and a name bound once to one of these in this file.
    """
    for _ in range(8):
        if not isinstance(node, ast.Name):
            break
        bindings = module.bindings_of(node)
        if len(bindings) != 1 or bindings[0].kind != "assign" or bindings[0].value is None:
            return None
        node = bindings[0].value
    draft = _draft(node, module, 0)
    if draft is None:
        return None
    return _finish(draft, module.loc(node))


def _finish(draft: _Draft, loc: Loc) -> EmbeddedText:
    pieces: list[Piece] = []
    holes: list[Hole] = []
    at = 0
    for part in draft.parts:
        span = Span(at, at + len(part.text))
        last = pieces[-1] if pieces else None
        joins = last is not None and last.kind is part.kind is PieceKind.VERBATIM
        if joins and last is not None and last.source.end == part.source.start:
            pieces[-1] = Piece(last.virtual.cover(span), last.source.cover(part.source), part.kind)
        else:
            pieces.append(Piece(span, part.source, part.kind))
        if part.hole:
            holes.append(Hole(span, part.written, part.hole))
        at = span.end
    text = "".join(part.text for part in draft.parts)
    return EmbeddedText(text, SourceMap(tuple(pieces)), tuple(holes), draft.complete, loc)


def _draft(node: ast.expr, module: Module, depth: int) -> _Draft | None:
    if depth > 100:
        return None
    if isinstance(node, ast.Constant):
        return _read(node, module, ()) if isinstance(node.value, str) else None
    if isinstance(node, ast.JoinedStr):
        return _read(node, module, [part for part in node.values if isinstance(part, ast.FormattedValue)])
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        return _sum(node, module, depth)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mod):
        left = _draft(node.left, module, depth + 1)
        return None if left is None else _fill(left, _PERCENT_FIELD, _percent_values(node.right), module, "percent")
    if isinstance(node, ast.Call):
        return _call(node, module, depth)
    return None


def _call(node: ast.Call, module: Module, depth: int) -> _Draft | None:
    function = node.func
    if isinstance(function, ast.Attribute):
        if function.attr in _STRIPS:
            return _draft(function.value, module, depth + 1)
        if function.attr == "format":
            inner = _draft(function.value, module, depth + 1)
            return None if inner is None else _fill(inner, _FORMAT_FIELD, _format_values(node), module, "format")
    if len(node.args) == 1 and _UNCHANGED.intersection(module.qualified(function)):
        return _draft(node.args[0], module, depth + 1)
    return None


def _sum(node: ast.BinOp, module: Module, depth: int) -> _Draft | None:
    """A concatenation; an operand that is no text of this unit is a hole, or its constant."""
    left, right = _operand(node.left, module, depth), _operand(node.right, module, depth)
    if left is None and right is None:
        return None
    found = _Draft()
    for operand, draft in ((node.left, left), (node.right, right)):
        if draft is not None:
            found.parts += draft.parts
            found.complete = found.complete and draft.complete
            continue
        known = module.value(operand)
        source = module.loc(operand).span
        if isinstance(known, Known) and isinstance(known.value, str):
            found.escape(known.value, source)
        else:
            found.hole(module.text_of(operand), source, "format")
            found.complete = False
    return found


def _operand(node: ast.expr, module: Module, depth: int) -> _Draft | None:
    return _draft(node, module, depth + 1)


def _read(node: ast.expr, module: Module, fields: Sequence[ast.FormattedValue]) -> _Draft:
    """The literals of one node, from its characters."""
    unit = parsed_of(node)
    span = unit.span_of(node)
    text, at = unit.text, span.start
    draft, values = _Draft(), iter(fields)
    while at < span.end:
        if between := _BETWEEN.match(text, at, span.end):
            at = between.end()
            continue
        opening = _PREFIX_QUOTE.match(text, at, span.end)
        if opening is None:
            draft.complete = False
            break
        prefix, quote = opening.group(1).lower(), opening.group(2)
        if "f" in prefix or "t" in prefix:
            at = _formatted(draft, text, opening.end(), span.end, quote, "r" in prefix, values, module)
        else:
            end = _closing(text, opening.end(), span.end, quote)
            _plain(draft, text, opening.end(), end, "r" in prefix)
            at = end + len(quote)
    return draft


def _closing(text: str, at: int, limit: int, quote: str) -> int:
    """Where the closing quote of a literal starts."""
    end = -1
    while at < limit:
        if end < at:
            end = text.find(quote, at, limit + len(quote) - 1)
            if end < 0:
                end = limit
        escape = text.find("\\", at, end)
        if escape < 0:
            return end
        at = escape + 2
    return limit


def _plain(draft: _Draft, text: str, start: int, end: int, raw: bool) -> None:
    """The characters of a literal without fields."""
    at = start
    while not raw and (escape := _ESCAPE.search(text, at, end)):
        draft.verbatim(text[at : escape.start()], at)
        draft.escape(_unescape(escape), Span(*escape.span()))
        at = escape.end()
    draft.verbatim(text[at:end], at)


def _unescape(match: re.Match[str]) -> str:
    groups = match.groupdict()
    if groups["simple"]:
        return _SIMPLE.get(groups["simple"], groups["simple"])
    if groups["join"]:
        return ""
    if groups["octal"]:
        return chr(int(groups["octal"], 8))
    if groups["name"]:
        try:
            return unicodedata.lookup(groups["name"])
        except KeyError:
            return "?"
    number = int(groups["x"] or groups["u"] or groups["U"], 16)
    return chr(number) if number <= 0x10FFFF else "?"


def _formatted(
    draft: _Draft,
    text: str,
    at: int,
    limit: int,
    quote: str,
    raw: bool,
    values: Iterator[ast.FormattedValue],
    module: Module,
) -> int:
    """The characters of an f-string; gives the offset behind its closing quote."""
    start = at
    while at < limit and not text.startswith(quote, at):
        if text[at] == "\\" and not raw:
            named = text.startswith("\\N{", at)
            at = text.find("}", at, limit) + 1 if named else at + 2
        elif text.startswith(("{{", "}}"), at):
            _plain(draft, text, start, at, raw)
            draft.escape(text[at], Span(at, at + 2))
            at = start = at + 2
        elif text[at] == "{":
            _plain(draft, text, start, at, raw)
            end = _field_end(text, at, limit)
            _field(draft, text[at:end], Span(at, end), next(values, None), module)
            at = start = end
        else:
            at += 1
    _plain(draft, text, start, min(at, limit), raw)
    return at + len(quote)


def _field(draft: _Draft, written: str, source: Span, value: ast.FormattedValue | None, module: Module) -> None:
    if value is not None and value.conversion == -1 and value.format_spec is None:
        known = module.value(value.value)
        if isinstance(known, Known) and type(known.value) in (str, int):
            draft.escape(str(known.value), source)
            return
    draft.hole(written, source, "fstring")


def _field_end(text: str, at: int, limit: int) -> int:
    """Behind the brace that closes the field opening at ``at``; strings inside the field may hold braces."""
    depth = 0
    while at < limit:
        character = text[at]
        if character in "\"'":
            quote = text[at : at + 3] if text[at : at + 3] in ('"""', "'''") else character
            at = _closing(text, at + len(quote), limit, quote) + len(quote)
            continue
        if character in "{[(":
            depth += 1
        elif character in "}])":
            depth -= 1
            if depth == 0:
                return at + 1
        at += 1
    return limit


def _format_values(call: ast.Call) -> Mapping[str, ast.expr]:
    """What ``str.format`` puts where, by field name."""
    found: dict[str, ast.expr] = {str(number): item for number, item in enumerate(call.args)}
    found.update({keyword.arg: keyword.value for keyword in call.keywords if keyword.arg is not None})
    return found


def _percent_values(right: ast.expr) -> Mapping[str, ast.expr]:
    if isinstance(right, ast.Tuple):
        return {str(number): item for number, item in enumerate(right.elts)}
    if isinstance(right, ast.Dict):
        return {
            key.value: item
            for key, item in zip(right.keys, right.values, strict=True)
            if isinstance(key, ast.Constant) and isinstance(key.value, str)
        }
    return {"0": right}


def _fill(draft: _Draft, fields: re.Pattern[str], values: Mapping[str, ast.expr], module: Module, kind: str) -> _Draft:
    """The text with its placeholders filled: constants where they are known, holes elsewhere."""
    found = _Draft(complete=draft.complete)
    number = 0
    for part in draft.parts:
        if part.kind is not PieceKind.VERBATIM:
            found.parts.append(part)
            continue
        at = 0
        for match in fields.finditer(part.text):
            found.verbatim(part.text[at : match.start()], part.source.start + at)
            at = match.end()
            source = Span(*match.span()).shift(part.source.start)
            if match[0] in ("{{", "}}", "%%"):
                found.escape(match[0][0], source)
                continue
            name = match.group(1)
            if not name:
                name, number = str(number), number + 1
            item = values.get(name)
            known = module.value(item) if item is not None else None
            if isinstance(known, Known) and type(known.value) in (str, int):
                found.escape(str(known.value), source)
            else:
                found.hole(match[0], source, kind)
        found.verbatim(part.text[at:], part.source.start + at)
    return found
