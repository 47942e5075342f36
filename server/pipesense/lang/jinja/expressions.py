"""Jinja's expressions as trees with places: what is called with what, wherever it stands in a tag.

The grammar is that of Jinja 3.1 (https://jinja.palletsprojects.com/templates/#expressions). jinja2's own parser keeps
lines only and gives up on a whole file for one broken tag; here a tag is read by itself and every node knows its
characters. Nothing is evaluated but constants.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, NamedTuple, TypeAlias

from pipesense.text.regex import regex
from pipesense.text.span import Span

_TOKEN: Final = regex(
    r"""(?P<blank>\s+)
    |(?P<string>'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")
    |(?P<number>\d[\d_]*(?:\.\d+)?(?:[eE][+-]?\d+)?)
    |(?P<name>[^\W\d]\w*)
    |(?P<sign>\*\*|//|==|!=|>=|<=|[-+*/%~<>=.,:()\[\]{}|])""",
    re.VERBOSE | re.DOTALL,
)
_CONSTANTS: Final = {"true": True, "True": True, "false": False, "False": False, "none": None, "None": None}
_COMPARES: Final = frozenset(("==", "!=", ">", "<", ">=", "<="))
_LEVELS: Final = (frozenset("+-"), frozenset("~"), frozenset(("*", "/", "//", "%")))
_ENDING: Final = (")", "]", ",", "|", ".")
_WORDS: Final = frozenset(("and", "or", "not", "in", "is", "if", "else", "recursive"))
_ESCAPE: Final = regex(r"\\(.)", re.DOTALL)
_ESCAPES: Final = {"n": "\n", "t": "\t", "r": "\r"}
_BRACKETS: Final = frozenset("([{")
_DEEPEST: Final = 60


class NotRead(Exception):
    """A tag is no expression; ``at`` is where reading ended."""

    def __init__(self, at: int) -> None:
        super().__init__(at)
        self.at = at


@dataclass(frozen=True, slots=True)
class Const:
    """A string, number, truth value or none."""

    span: Span
    value: str | int | float | bool | None


@dataclass(frozen=True, slots=True)
class Name:
    """A variable, or a function that is called."""

    span: Span
    name: str


@dataclass(frozen=True, slots=True)
class Attr:
    """``base.name``."""

    span: Span
    base: Expression
    name: str


@dataclass(frozen=True, slots=True)
class Call:
    """``func(args, key=value)``; ``open``: arguments are unpacked into it, so more than these are given."""

    span: Span
    func: Expression
    args: tuple[Expression, ...]
    kwargs: tuple[Keyword, ...]
    open: bool

    @property
    def name(self) -> str:
        """The dotted name of what is called, "" where it is no name."""
        return dotted(self.func)

    def keyword(self, name: str) -> Expression | None:
        """The value given under a name."""
        return next((each.value for each in self.kwargs if each.name == name), None)


@dataclass(frozen=True, slots=True)
class Keyword:
    """``name=value`` in a call."""

    name: str
    name_span: Span
    value: Expression


@dataclass(frozen=True, slots=True)
class Items:
    """A list or tuple."""

    span: Span
    items: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class Pairs:
    """A dictionary."""

    span: Span
    pairs: tuple[tuple[Expression, Expression], ...]


@dataclass(frozen=True, slots=True)
class Operation:
    """Anything else: ``op`` is an operator, "if" for a conditional, "|name" for a filter, "[]" for an index."""

    span: Span
    op: str
    parts: tuple[Expression, ...]


Expression: TypeAlias = Const | Name | Attr | Call | Items | Pairs | Operation


def dotted(node: Expression) -> str:
    """``a.b.c`` of names and attributes, "" for everything else."""
    if isinstance(node, Name):
        return node.name
    if isinstance(node, Attr):
        base = dotted(node.base)
        return f"{base}.{node.name}" if base else ""
    return ""


def walk(node: Expression) -> Iterator[Expression]:
    """A node and everything below it, outermost first."""
    yield node
    if isinstance(node, Attr):
        yield from walk(node.base)
    elif isinstance(node, Call):
        yield from walk(node.func)
        for each in node.args:
            yield from walk(each)
        for keyword in node.kwargs:
            yield from walk(keyword.value)
    elif isinstance(node, Items):
        for each in node.items:
            yield from walk(each)
    elif isinstance(node, Pairs):
        for key, value in node.pairs:
            yield from walk(key)
            yield from walk(value)
    elif isinstance(node, Operation):
        for each in node.parts:
            yield from walk(each)


class _Token(NamedTuple):
    kind: str
    text: str
    start: int
    end: int


def _tokens(text: str, start: int, end: int) -> list[_Token]:
    found: list[_Token] = []
    at = start
    while at < end:
        match = _TOKEN.match(text, at, end)
        if match is None:
            raise NotRead(at)
        if match.lastgroup != "blank":
            found.append(_Token(match.lastgroup or "", match[0], match.start(), match.end()))
        at = match.end()
    return found


class Reader:
    """Reads the expressions between two offsets of a text, one after the other."""

    def __init__(self, text: str, start: int, end: int) -> None:
        self._tokens = _tokens(text, start, end)
        self._at = 0
        self._end = end
        self._depth = 0

    @property
    def done(self) -> bool:
        """Whether nothing is left."""
        return self._at >= len(self._tokens)

    @property
    def offset(self) -> int:
        """Where the next token starts."""
        return self._end if self.done else self._tokens[self._at].start

    def take(self, *texts: str) -> bool:
        """Pass the next token if it is one of these."""
        if not self.done and self._tokens[self._at].text in texts and self._tokens[self._at].kind != "string":
            self._at += 1
            return True
        return False

    def sees(self, *texts: str) -> bool:
        """Whether the next token is one of these."""
        return not self.done and self._tokens[self._at].text in texts and self._tokens[self._at].kind != "string"

    def name(self) -> Name:
        """The next token, which must be a name.

        Raises:
            NotRead: it is none.
        """
        if self.done or self._tokens[self._at].kind != "name":
            raise NotRead(self.offset)
        token = self._tokens[self._at]
        self._at += 1
        return Name(Span(token.start, token.end), token.text)

    def expression(self, *, conditional: bool = True) -> Expression:
        """The next expression; without ``conditional`` it ends before an ``if`` (the head of a loop).

        Raises:
            NotRead: there is none.
        """
        self._depth += 1
        if self._depth > _DEEPEST:
            raise NotRead(self.offset)
        try:
            found = self._or()
            while conditional and self.take("if"):
                condition = self._or()
                parts: tuple[Expression, ...] = (condition, found)
                if self.take("else"):
                    parts = (*parts, self.expression())
                end = max(each.span.end for each in parts)
                found = Operation(Span(found.span.start, end), "if", parts)
            return found
        finally:
            self._depth -= 1

    def several(self, *, conditional: bool = True) -> Expression:
        """One expression, or several with commas between them."""
        first = self.expression(conditional=conditional)
        if not self.sees(","):
            return first
        found = [first]
        while self.take(","):
            if self.done or self.sees("=", "in", ")", "}"):
                break
            found.append(self.expression(conditional=conditional))
        return Items(Span(first.span.start, found[-1].span.end), tuple(found))

    def _binary(self, op: str, one: Expression, other: Expression) -> Expression:
        return Operation(Span(one.span.start, other.span.end), op, (one, other))

    def _or(self) -> Expression:
        found = self._and()
        while self.take("or"):
            found = self._binary("or", found, self._and())
        return found

    def _and(self) -> Expression:
        found = self._not()
        while self.take("and"):
            found = self._binary("and", found, self._not())
        return found

    def _not(self) -> Expression:
        start = self.offset
        if self.take("not"):
            inner = self._not()
            return Operation(Span(start, inner.span.end), "not", (inner,))
        found = self._level(0)
        while not self.done:
            token = self._tokens[self._at]
            if token.kind == "sign" and token.text in _COMPARES:
                self._at += 1
                found = self._binary(token.text, found, self._level(0))
            elif token.text == "in" and token.kind == "name":
                self._at += 1
                found = self._binary("in", found, self._level(0))
            elif token.text == "not" and self._at + 1 < len(self._tokens) and self._tokens[self._at + 1].text == "in":
                self._at += 2
                found = self._binary("not in", found, self._level(0))
            else:
                break
        return found

    def _level(self, level: int) -> Expression:
        if level == len(_LEVELS):
            return self._sign()
        found = self._level(level + 1)
        while not self.done and self._tokens[self._at].kind == "sign" and self._tokens[self._at].text in _LEVELS[level]:
            op = self._tokens[self._at].text
            self._at += 1
            found = self._binary(op, found, self._level(level + 1))
        return found

    def _sign(self) -> Expression:
        start = self.offset
        if self.sees("-", "+"):
            op = self._tokens[self._at].text
            self._at += 1
            self._depth += 1
            if self._depth > _DEEPEST:
                raise NotRead(start)
            inner = self._sign()
            self._depth -= 1
            span = Span(start, inner.span.end)
            if isinstance(inner, Const) and type(inner.value) in (int, float) and op == "-":
                return Const(span, -inner.value)  # type: ignore[operator]
            return Operation(span, op, (inner,))
        found = self._filtered(self._postfix(self._primary()))
        if self.take("**"):
            found = self._binary("**", found, self._sign())
        return found

    def _primary(self) -> Expression:
        if self.done:
            raise NotRead(self._end)
        token = self._tokens[self._at]
        span = Span(token.start, token.end)
        if token.kind == "string":
            return self._string()
        self._at += 1
        if token.kind == "number":
            plain = token.text.replace("_", "")
            return Const(span, int(plain) if plain.isdigit() and len(plain) < 300 else float(plain))
        if token.kind == "name":
            if token.text in _CONSTANTS:
                return Const(span, _CONSTANTS[token.text])
            if token.text in _WORDS and not (token.text == "in" and self._ends()):
                # A lone ``in`` is a name (Jinja 3.1: its parser asks for the word behind an expression only).
                raise NotRead(token.start)
            return Name(span, token.text)
        if token.text not in _BRACKETS:
            raise NotRead(token.start)
        return self._bracketed(token)

    def _ends(self) -> bool:
        """Whether the expression may end here, or goes on with what stands behind a name."""
        return self._at >= len(self._tokens) or self.sees(*_ENDING)

    def _string(self) -> Expression:
        """A string, or several that stand side by side."""
        first = last = self._tokens[self._at]
        parts: list[str] = []
        for token in self._tokens[self._at :]:
            if token.kind != "string":
                break
            parts.append(_unescaped(token.text[1:-1]))
            last = token
            self._at += 1
        return Const(Span(first.start, last.end), "".join(parts))

    def _bracketed(self, token: _Token) -> Expression:
        if token.text == "(":
            if self.sees(")"):
                return Items(Span(token.start, self._closed(")")), ())
            inner = self.several()
            end = self._closed(")")
            return Items(Span(token.start, end), inner.items) if isinstance(inner, Items) else inner
        if token.text == "[":
            listed = self._listed("]")
            return Items(Span(token.start, self._closed("]")), listed)
        pairs: list[tuple[Expression, Expression]] = []
        while not self.sees("}"):
            key = self.expression()
            if not self.take(":"):
                raise NotRead(self.offset)
            pairs.append((key, self.expression()))
            if not self.take(","):
                break
        return Pairs(Span(token.start, self._closed("}")), tuple(pairs))

    def _listed(self, closer: str) -> tuple[Expression, ...]:
        found: list[Expression] = []
        while not self.sees(closer):
            found.append(self.expression())
            if not self.take(","):
                break
        return tuple(found)

    def _closed(self, closer: str) -> int:
        if not self.take(closer):
            raise NotRead(self.offset)
        return self._tokens[self._at - 1].end

    def _postfix(self, found: Expression) -> Expression:
        while not self.done:
            if self.take("."):
                token = self._tokens[self._at] if self._at < len(self._tokens) else None
                if token is None or token.kind not in ("name", "number"):
                    raise NotRead(self.offset)
                self._at += 1
                found = Attr(Span(found.span.start, token.end), found, token.text)
            elif self.take("["):
                parts: list[Expression] = [found]
                while not self.sees("]"):
                    if self.take(":"):
                        continue
                    parts.append(self.expression())
                    if not self.sees(":", "]") and not self.take(","):
                        raise NotRead(self.offset)
                end = self._closed("]")
                found = Operation(Span(found.span.start, end), "[]", tuple(parts))
            elif self.sees("("):
                found = self._call(found)
            else:
                break
        return found

    def _call(self, func: Expression) -> Call:
        self.take("(")
        args: list[Expression] = []
        kwargs: list[Keyword] = []
        is_open = False
        while not self.sees(")"):
            if self.take("*", "**"):
                is_open = True
                args.append(self.expression())
            elif self._sees_keyword():
                name = self.name()
                self.take("=")
                kwargs.append(Keyword(name.name, name.span, self.expression()))
            else:
                args.append(self.expression())
            if not self.take(","):
                break
        end = self._closed(")")
        return Call(Span(func.span.start, end), func, tuple(args), tuple(kwargs), is_open)

    def _tested(self, found: Expression) -> Expression:
        self.take("not")
        test = self.name()
        if self.sees("("):
            call = self._call(test)
            return Operation(Span(found.span.start, call.span.end), "is", (found, *call.args))
        ahead = self._tokens[self._at : self._at + 1]
        if ahead and (
            ahead[0].kind in ("string", "number") or (ahead[0].kind == "name" and ahead[0].text not in _WORDS)
        ):
            argument = self._postfix(self._primary())
            return Operation(Span(found.span.start, argument.span.end), "is", (found, argument))
        return Operation(Span(found.span.start, test.span.end), "is", (found,))

    def _sees_keyword(self) -> bool:
        ahead = self._tokens[self._at : self._at + 2]
        return len(ahead) == 2 and ahead[0].kind == "name" and ahead[1].text == "="

    def _filtered(self, found: Expression) -> Expression:
        while not self.done:
            if self.take("|"):
                name = self.name()
                while self.take("."):
                    name = self.name()
                end = name.span.end
                parts: tuple[Expression, ...] = (found,)
                if self.sees("("):
                    call = self._call(name)
                    parts, end = (found, *call.args, *(each.value for each in call.kwargs)), call.span.end
                found = self._postfix(Operation(Span(found.span.start, end), f"|{name.name}", parts))
            elif self.take("is"):
                found = self._tested(found)
            else:
                break
        return found


def _unescaped(text: str) -> str:
    return _ESCAPE.sub(lambda match: _ESCAPES.get(match[1], match[1]), text) if "\\" in text else text
