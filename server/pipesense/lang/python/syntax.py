"""One unit of a Python file, parsed: its statements, what went wrong, and where its nodes stand.

Trees are fresh for every unit and are never shared between units. Every statement, expression, keyword, alias
and argument of a parsed unit knows its place, so ``unit_of`` and ``span_of`` need no table.
"""

from __future__ import annotations

import ast
import re
import warnings
import weakref
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from hashlib import blake2b
from itertools import compress, repeat
from operator import attrgetter, is_not
from typing import TYPE_CHECKING, Any, Final, cast

from pipesense.lang.python.index import IMPORTS, Place, UnitIndex
from pipesense.lang.python.walk import build_index
from pipesense.text.line_index import line_starts
from pipesense.text.regex import regex
from pipesense.text.span import Span

if TYPE_CHECKING:
    from pipesense.lang.python.module import Module

_CODE: Final = regex(r"^[ \t\f\ufeff]*[^\s#]", re.MULTILINE)
_TAG: Final = regex(r"[ \t]*\{%[-+]?[ \t]*[a-z]\w*\b[^\n]*%\}[ \t\r]*\n?")
"""A line that is a tag of Jinja."""
_MAY_WARN: Final = regex(r"\\|[0-9](?:and|else|for|if|in|is|or|not)\b")
_NAME: Final = regex(r"[^\W\d]\w*")
_BINDS: Final = regex(
    r"^(?P<indent>[ \t]*)(?P<target>(?:[^\W\d]\w*\s*,\s*)*[^\W\d]\w*)\s*(?:=(?!=)|[-+*/|&^%@]=|[:\[.])"
    r"|\b(?:as|def|class|for|global)\s+(?P<named>[^\W\d]\w*)"
    r"|\bimport\b(?P<imported>[ \t]*\([^)]*|[^#;\n]*)",
    re.MULTILINE,
)
_SPAN: Final[Callable[[tuple[int, int]], Span]] = partial(tuple.__new__, Span)
"""Makes thousands of spans for a file, by no function of Python's own."""
HEADERS: Final = frozenset({"header", "inner header"})
"""The kinds of units of which the body is units of its own."""
_TOO_DEEP: Final = "it is nested too deeply to be read"


@dataclass(frozen=True, slots=True)
class SyntaxProblem:
    """Why a unit could not be read; ``span`` is relative to the unit's text.

    ``template``: because a tag of Jinja stands where Python was expected (``{% if x %}`` on a line of its own), so that
    the file is no Python before somebody fills it in.
    """

    message: str
    span: Span
    template: bool = False


_OWNER: Final = attrgetter("owner")


class Owner:
    """To which Module the units of a file belong: said in one place, since every link makes another one of them."""

    __slots__ = ("module",)

    def __init__(self) -> None:
        self.module: Callable[[], Module | None] = _nobody

    def claim(self, module: Module, units: Sequence[ParsedUnit]) -> None:
        """The units belong to this Module now."""
        self.module = weakref.ref(module)
        # Hundreds of units belong here already, which no loop of Python's looks at.
        for unit in compress(units, map(is_not, map(_OWNER, units), repeat(self))):
            unit.owner = self


def _nobody() -> None:
    return None


class ParsedUnit:
    """A unit as ``ast`` reads it. ``body`` is empty where ``problem`` is set.

    A "header" or "inner header" unit holds one compound statement whose ``body`` is a lone ``pass`` until a Module
    puts the statements of the child units there.

    Attributes:
        unit: the unit's number.
        kind: the Cut's kind.
        text: the unit's text.
        body: its statements.
        problem: why there are none, None where it was read.
        root: the place of the unit's own statements.
        index: calls, bindings, imports, definitions and edges, from the one walk over its tree.
        inside: for a header, the place of the children's statements.
        owner: the Module that the unit is linked into, set by that Module.
    """

    __slots__ = (
        "_added_lines",
        "_ascii",
        "_digest",
        "_holds",
        "_names",
        "_starts",
        "body",
        "index",
        "inside",
        "kind",
        "owner",
        "problem",
        "root",
        "text",
        "unit",
    )

    unit: int
    kind: str
    text: str
    body: list[ast.stmt]
    problem: SyntaxProblem | None
    root: Place
    index: UnitIndex
    inside: Place | None
    owner: Owner | None

    def __init__(
        self, unit: int, kind: str, text: str, body: list[ast.stmt], problem: SyntaxProblem | None, added_lines: int
    ) -> None:
        self.unit = unit
        self.kind = kind
        self.text = text
        self.body = body
        self.problem = problem
        self._added_lines = added_lines
        self.owner = None
        self._ascii = text.isascii()
        self._digest: bytes | None = None
        self._holds: dict[str, bool] | None = None
        self._names: dict[frozenset[str], bool] = {}
        self._starts: list[int] | None = None
        self.root = Place(self, None, "", None)
        self.index = build_index(self, body, self.root)
        if problem is not None:
            self.index.mentions = _may_bind(text)
        self.inside = Place(self, body[0], "body", self.root) if kind in HEADERS and body else None

    def release(self) -> None:
        """Let go of the tree of a unit that no file has any more.

        A node knows its unit and the construct around it, so those must not know the node: what nobody else holds is
        then freed at once and need not wait for the collector.
        """
        for place in self.index.places:
            place.node = None
        self.body = []
        self.inside = None
        self.root = NOWHERE
        self.index = UnitIndex(mentions=self.index.mentions)

    @property
    def digest(self) -> bytes:
        """A digest of the text."""
        if self._digest is None:
            self._digest = blake2b(self.text.encode("utf-8", "surrogatepass"), digest_size=8).digest()
        return self._digest

    def holds(self, word: str) -> bool:
        """Whether the text holds a word; looked up once."""
        found = self._holds.get(word) if self._holds is not None else None
        if found is None:
            if self._holds is None:
                self._holds = {}
            found = self._holds[word] = word in self.text
        return found

    def names_any(self, words: frozenset[str]) -> bool:
        """Whether one of some words stands there as a name, not at the start or inside of a text; looked up once."""
        found = self._names.get(words)
        if found is None:
            found = self._names[words] = any(
                re.search(rf"(?<![\w:\"'/-]){re.escape(word)}(?!\w)", self.text) is not None
                for word in words
                if word in self.text
            )
        return found

    def offset(self, line: int, column: int) -> int:
        """The code-point offset of an ``ast`` position (line from 1, column in UTF-8 bytes)."""
        starts = self._starts
        if starts is None:
            starts = self._starts = line_starts(self.text)
        at = line - 1 - self._added_lines
        if at >= len(starts):
            return len(self.text)
        if self._ascii:
            return starts[at] + column
        end = starts[at + 1] if at + 1 < len(starts) else len(self.text)
        row = self.text[starts[at] : end]
        if row.startswith("\ufeff"):
            row = _without_mark(row)
        if row.isascii():
            return starts[at] + column
        return starts[at] + len(row.encode("utf-8", "surrogatepass")[:column].decode("utf-8", "ignore"))

    def span_of(self, node: ast.AST) -> Span:
        """Where a node of this unit stands, in code points relative to the unit's text."""
        known: Span | None = getattr(node, "_span", None)
        if known is None:
            known = self._locate(node)
            node._span = known  # type: ignore[attr-defined]
        return known

    def _locate(self, node: ast.AST) -> Span:
        last: int | None = getattr(node, "end_lineno", None)
        if last is None:
            return _cover(node)
        where: Any = node
        if self._ascii:
            before = self._added_lines + 1
            if last == before:
                # What stands in the first line: where the others start need not be known.
                return _SPAN((where.col_offset, where.end_col_offset))
            starts = self._starts
            if starts is None:
                starts = self._starts = line_starts(self.text)
            if last - before < len(starts):
                end = starts[last - before] + where.end_col_offset
                start = starts[where.lineno - before] + where.col_offset
                return _SPAN((start, end if end <= len(self.text) else len(self.text)))
        start = self.offset(where.lineno, where.col_offset)
        return Span(start, min(self.offset(last, where.end_col_offset), len(self.text)))


def _cover(node: ast.AST) -> Span:
    """The range of a node without a position of its own (a with-item, arguments): that of what it holds."""
    spans = [span_of(child) for child in ast.iter_child_nodes(node) if hasattr(child, "_place")]
    found = spans[0] if spans else Span(0, 0)
    for span in spans[1:]:
        found = found.cover(span)
    return found


def parse_unit(unit: int, kind: str, text: str) -> ParsedUnit:
    """Parse a unit; ``kind`` is the Cut's. Never raises: what cannot be read gives a ``problem``."""
    if not _CODE.search(text):
        return ParsedUnit(unit, kind, text, [], None, 0)
    source, added = as_module(_without_mark(text), kind)
    try:
        body = parse_text(source)
    except SyntaxError as error:
        return ParsedUnit(unit, kind, text, [], _problem(text, error, added), added)
    except (RecursionError, MemoryError):
        return ParsedUnit(unit, kind, text, [], SyntaxProblem(_TOO_DEEP, Span(0, len(text.rstrip()))), added)
    except ValueError as error:
        return ParsedUnit(unit, kind, text, [], SyntaxProblem(str(error), Span(0, len(text.rstrip()))), added)
    if added:
        body = cast("ast.If", body[0]).body if len(body) == 1 else []
        if not body:
            problem = SyntaxProblem("its indentation does not fit", Span(0, len(text.rstrip())))
            return ParsedUnit(unit, kind, text, [], problem, added)
    return ParsedUnit(unit, kind, text, body, None, added)


def as_module(text: str, kind: str) -> tuple[str, int]:
    """A unit's text as a file of its own, and the number of lines that were put before it.

    What is indented stands under an ``if``, and a header gets a body.
    """
    source, added = text, 0
    indent = text[: len(text) - len(text.lstrip(" \t"))]
    if kind in HEADERS:
        source = source if source.endswith(("\n", "\r")) else source + "\n"
        source += f"{indent} pass\n"
    if kind not in ("statement", "header") and indent:
        source, added = "if 1:\n" + source, 1
    return source, added


def _may_bind(text: str) -> frozenset[str]:
    """The names that a unit nobody can read may bind or change, by what its lines look like.

    A line at the unit's own indentation that starts like an assignment, and what stands behind ``as``, ``for``,
    ``def``, ``class`` and ``import``; "*" for a star import. Every name in the text would do too, but then a
    bracket opened in one DAG would make the names that all DAGs share uncertain.
    """
    found: set[str] = set()
    first = _CODE.search(text)
    indent = first.group()[:-1].lstrip("\ufeff") if first is not None else ""
    for match in _BINDS.finditer(text):
        if match["target"] is not None:
            if match["indent"] == indent:
                found.update(_NAME.findall(match["target"]))
        elif match["imported"] is not None:
            found.add(IMPORTS)
            found.update(_NAME.findall(match["imported"]))
            if "*" in match["imported"]:
                found.add("*")
        else:
            found.add(match["named"])
    return frozenset(found)


def _without_mark(text: str) -> str:
    """The text with a byte order mark turned into a character that Python passes over."""
    return "\f" + text[1:] if text.startswith("\ufeff") else text


def parse_text(source: str) -> list[ast.stmt]:
    """The statements of a text; raises what ``ast.parse`` does, and warns nobody."""
    if not _MAY_WARN.search(source):
        return ast.parse(source).body
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return ast.parse(source).body


def _problem(text: str, error: SyntaxError, added: int) -> SyntaxProblem:
    """The interpreter's complaint; its column counts code points from 1."""
    starts = line_starts(text)
    line = min(max((error.lineno or 1) - 1 - added, 0), len(starts) - 1)
    end = starts[line + 1] if line + 1 < len(starts) else len(text)
    at = min(starts[line] + max((error.offset or 1) - 1, 0), max(starts[line], len(text[:end].rstrip())))
    until = end
    if error.end_lineno == error.lineno and error.end_offset and error.end_offset > (error.offset or 1):
        until = starts[line] + error.end_offset - 1
    until = max(at, min(until, at + len(text[at:end].rstrip())))
    if _TAG.fullmatch(text, starts[line], end):
        return SyntaxProblem("a tag of a template stands there", Span(at, until), template=True)
    return SyntaxProblem(error.msg or "it is no valid Python", Span(at, until))


place_of: Final = cast("Callable[[ast.AST], Place]", attrgetter("_place"))
"""The place of a node of a parsed unit. Asked tens of thousands of times per file, so it is no function of Python's."""
parsed_of: Final = cast("Callable[[ast.AST], ParsedUnit]", attrgetter("_place.unit"))
"""The unit that a statement, expression, keyword, alias or argument belongs to."""


def unit_of(node: ast.AST) -> int:
    """The number of the unit that a node belongs to."""
    return place_of(node).unit.unit


def span_of(node: ast.AST) -> Span:
    """Where a node stands, in code points relative to its unit's text (decorators not included)."""
    return place_of(node).unit.span_of(node)


def unquoted(node: ast.expr | None) -> ast.expr | None:
    """An annotation; of one in quotes what they say, as an expression that stands where the text stands."""
    if not isinstance(node, ast.Constant) or not isinstance(node.value, str):
        return node
    if not hasattr(node, "_code"):
        node._code = _parsed(node)  # type: ignore[attr-defined]
    return cast("ast.expr | None", node._code)  # type: ignore[attr-defined]


def _parsed(node: ast.Constant) -> ast.expr | None:
    try:
        inner = ast.parse(str(node.value).strip(), mode="eval").body
    except (SyntaxError, ValueError):
        return None
    place, span = place_of(node), span_of(node)
    for each in ast.walk(inner):
        each._place, each._span = place, span  # type: ignore[attr-defined]
    return inner


NOWHERE: Final = Place(ParsedUnit(-1, "statement", "", [], None, 0), None, "", None)
"""The place of what stands in no file."""
