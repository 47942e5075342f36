"""A SQL file of a dbt project: its configuration, references and calls, read from its tags."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from pipesense.lang.jinja.expressions import (
    Call,
    Const,
    Expression,
    Items,
    Name,
    Operation,
    Pairs,
    dotted,
    walk,
)
from pipesense.lang.jinja.template import ReadTag, Template, Unbalanced, read_template
from pipesense.model.dbt import (
    DbtCall,
    DbtFile,
    DbtMacro,
    DbtNode,
    DbtReference,
    DbtSetting,
    Dynamic,
    Setting,
    TagProblem,
)
from pipesense.model.where import Loc
from pipesense.text.regex import regex
from pipesense.text.span import Span

_THIS: Final = regex(r"\{\{-?\s*this\s*-?\}\}")
_NOT_IN: Final = regex(r"\bnot\s+(?:in|exists)\s*\(\s*select\b[^()]*\bfrom\s*\Z", re.IGNORECASE)
_OUTER: Final = regex(r"\bleft\s+(?:outer\s+)?join\s*(?:\(\s*select\b[^()]*\bfrom\s*)?\Z", re.IGNORECASE)
_NEAR: Final = 1_000
"""Characters before the table's own name in which such a subquery begins."""
_IS_NULL: Final = regex(r"\bis\s+null\b", re.IGNORECASE)
Locate = Callable[[Span], Loc]
"""The place of a range of the file."""

_BODIES: Final = ("macro", "test", "data_test", "materialization", "docs")
_MAYBE: Final = ("if", "for", *_BODIES)
_LINE_COMMENT: Final = regex(r"--[^\n]*")
_COMMENTS: Final = regex(r"/\*.*?\*/|--[^\n]*", re.DOTALL)
_ENDED: Final = regex(r"^[^\n]*;[ \t]*$", re.M)
"""A line at whose end a statement ends."""
# Each part can be read in one way only: with two ways a line, forty lines of comments would take years to refuse.
_TRAILING: Final = regex(r"(?:\s|--[^\n]*(?:\n|\Z)|/\*(?:[^*]|\*(?!/))*\*/|\{#(?:[^#]|#(?!\}))*#\})*\Z")
_ARGUMENTS: Final = frozenset(("caller", "varargs", "kwargs", "loop", "super", "self"))


@dataclass(frozen=True, slots=True)
class Whereabouts:
    """Which file of which project is read: its kind, and its folders below the project's path for that kind."""

    path: str
    folder: str
    package: str
    kind: str
    place: tuple[str, ...]

    @property
    def stem(self) -> str:
        """The file's name without its ending."""
        return self.path.rpartition("/")[2].rpartition(".")[0]


def read_sql(text: str, where: Whereabouts, locate: Locate) -> DbtFile:
    """Everything that the tags of a file say."""
    return _Reading(text, where, locate, read_template(text)).file()


@dataclass(slots=True)
class _Body:
    """What stands in one block that defines something, or in the file itself."""

    settings: list[DbtSetting] = field(default_factory=list)
    references: list[DbtReference] = field(default_factory=list)
    calls: list[DbtCall] = field(default_factory=list)
    config_at: Loc | None = None
    this_at: list[Loc] = field(default_factory=list)
    opened: bool = False


@dataclass(slots=True)
class _Reading:
    text: str
    where: Whereabouts
    locate: Locate
    template: Template
    bodies: dict[int, _Body] = field(default_factory=dict)
    given: dict[int, set[str]] = field(default_factory=dict)

    def file(self) -> DbtFile:
        self._names()
        for tag in self.template.tags:
            body = self.bodies.setdefault(self._definer(tag.block), _Body())
            if tag.unread >= 0 or tag.tag.word in ("include", "import", "from", "extends"):
                body.opened = True
            for expression in tag.expressions:
                for node in walk(expression):
                    self._node(node, tag, body)
        own = self.bodies.get(-1, _Body())
        nodes = tuple(self._nodes(own))
        every = list(self.bodies.values())
        return DbtFile(
            self.where.path,
            self.where.folder,
            self.where.kind,
            nodes,
            tuple(self._macros()),
            self._problems(),
            tuple(call for body in every for call in body.calls),
            tuple(each for body in every for each in body.references),
            self._semicolon() if self.where.kind == "model" else None,
            self.locate(Span(0, 0)),
        )

    def _names(self) -> None:
        """The names that get values, by the block that holds the tag that gives them."""
        for tag in self.template.tags:
            at = tag.block
            if tag.tag.word in ("macro", "test", "data_test", "call", "for", "set", "materialization"):
                # What is set in a branch is seen behind it, too; and a block's own names inside it.
                block = self._definer(at)
                own = next((n for n, b in enumerate(self.template.blocks) if b.opening.start == tag.tag.start), -1)
                for place in {block, own if own >= 0 else block}:
                    self.given.setdefault(place, set()).update(name.name for name in tag.names)
            elif tag.tag.word in ("with", "import", "from"):
                self.given.setdefault(-1, set()).update(name.name for name in tag.names)

    def _definer(self, block: int) -> int:
        """The block around a block that defines something of its own; -1 for the file."""
        while block >= 0 and self.template.blocks[block].word not in (*_BODIES, "snapshot"):
            block = self.template.blocks[block].parent
        return block

    def _is_given(self, name: str, block: int) -> bool:
        while True:
            if name in self.given.get(block, ()):
                return True
            if block < 0:
                return False
            block = self.template.blocks[block].parent

    def _node(self, node: Expression, tag: ReadTag, body: _Body) -> None:
        if isinstance(node, Name):
            if node.name == "this":
                body.this_at.append(self.locate(node.span))
            elif node.name == "flags":
                body.calls.append(DbtCall("flags", self.locate(node.span)))
        elif isinstance(node, Call):
            self._call(node, tag, body)

    def _call(self, node: Call, tag: ReadTag, body: _Body) -> None:
        name = node.name
        if not name:
            # What a dispatch chooses from is told by the name that it is given.
            body.opened = body.opened or not (isinstance(node.func, Call) and _dispatches(node.func))
            return
        plain = name.removeprefix("builtins.")
        if plain in ("ref", "source", "metric"):
            if plain != "metric":
                body.references.append(self._reference(plain, node, tag))
        elif plain == "config" and tag.tag.kind == "expression":
            self._configured(node, body, tag)
        elif plain.startswith("config."):
            pass
        else:
            first = name.split(".")[0]
            if first in _ARGUMENTS:
                return
            if plain.endswith("is_incremental") and self._is_comment(node.func.span.start):
                return
            if not self._is_given(first, tag.block):
                body.calls.append(DbtCall(name, self.locate(node.func.span), self._guarded(tag)))
            elif "." not in name:
                body.opened = True

    def _is_comment(self, offset: int) -> bool:
        """Whether a line of SQL that is commented out holds a tag: what it decides is not read by the warehouse."""
        line = self.text[self.text.rfind("\n", 0, offset) + 1 : offset]
        return line.lstrip().startswith("--")

    def _guarded(self, tag: ReadTag) -> bool:
        return any(word in ("if",) for word in tag.inside)

    def _reference(self, kind: str, call: Call, tag: ReadTag) -> DbtReference:
        args = [*call.args, *(each.value for each in call.kwargs if each.name not in ("v", "version"))]
        names = tuple(each.value for each in args if isinstance(each, Const) and isinstance(each.value, str))
        wanted = (1, 2) if kind == "ref" else (2,)
        if len(names) != len(args) or len(names) not in wanted or call.open:
            names = ()
        version = call.keyword("v") or call.keyword("version")
        said = str(version.value) if isinstance(version, Const) else "?" if version is not None else ""
        at = args[-1].span if args else call.span
        return DbtReference(
            kind,
            names,
            said,
            self.locate(at),
            self.locate(tag.span),
            hint=self._in_comment(call.span.start),
            optional=any(word in _MAYBE for word in tag.inside),
        )

    def _in_comment(self, offset: int) -> bool:
        line = self.text.rfind("\n", 0, offset) + 1
        return "--" in self.text[line:offset]

    def _configured(self, call: Call, body: _Body, tag: ReadTag) -> None:
        if body.config_at is None:
            body.config_at = self.locate(call.span)
        if call.open:
            body.settings.append(self._setting("**", Dynamic(""), call.span, call.span))
        branch = any(word in ("if", "for") for word in tag.inside)
        for each in call.kwargs:
            said = Dynamic("") if branch else constant(each.value)
            body.settings.append(self._setting(each.name, said, each.value.span, each.name_span))
        for argument in call.args:
            if isinstance(argument, Pairs):
                for key, value in argument.pairs:
                    if isinstance(key, Const) and isinstance(key.value, str):
                        made = Dynamic("") if branch else constant(value)
                        body.settings.append(self._setting(key.value, made, value.span, key.span))
                    else:
                        body.settings.append(self._setting("**", Dynamic(""), key.span, key.span))
            else:
                body.settings.append(self._setting("**", Dynamic(""), argument.span, argument.span))

    def _setting(self, key: str, value: Setting, at: Span, key_at: Span) -> DbtSetting:
        return DbtSetting(key, value, self.locate(at), self.locate(key_at))

    def _nodes(self, own: _Body) -> list[DbtNode]:
        where = self.where
        if where.kind in ("model", "test", "analysis"):
            found = [self._made(where.kind, where.stem, own, self.locate(Span(0, 0)))]
            if where.kind == "test" and "generic" in where.place:
                found = []
        else:
            found = []
        for number, block in enumerate(self.template.blocks):
            if block.word == "snapshot" and block.name is not None:
                body = self.bodies.get(number, _Body())
                found = [each for each in found if each.kind == "snapshot"]
                found.append(self._made("snapshot", block.name.name, body, self.locate(block.name.span)))
        return found

    def _made(self, kind: str, name: str, body: _Body, at: Loc) -> DbtNode:
        where = self.where
        return DbtNode(
            kind,
            name,
            where.path,
            where.folder,
            where.package,
            where.place,
            "sql",
            tuple(body.settings),
            tuple(body.references),
            tuple(body.calls),
            body.opened or bool(self.template.unbalanced),
            at,
            body.config_at,
            tuple(body.this_at),
            bool(body.this_at) and _leaves_out(self.text),
        )

    def _macros(self) -> list[DbtMacro]:
        found: list[DbtMacro] = []
        for number, block in enumerate(self.template.blocks):
            if block.word not in _BODIES or block.word == "docs" or block.name is None:
                continue
            body = self.bodies.get(number, _Body())
            calls = {call.name for call in body.calls} | self._dispatched(number)
            if body.opened:
                calls.add("?")
            if body.this_at:
                calls.add("this")
            kind = "test" if block.word == "data_test" else block.word
            found.append(
                DbtMacro(
                    kind,
                    block.name.name,
                    self.where.path,
                    self.where.package,
                    frozenset(calls),
                    tuple(body.references),
                    self.locate(block.name.span),
                )
            )
        return found

    def _dispatched(self, number: int) -> set[str]:
        """``adapter.dispatch('name')()`` calls an implementation of that name."""
        found: set[str] = set()
        for tag, call in self.template.calls():
            if self._definer(tag.block) == number and _dispatches(call):
                found.add(f"dispatch:{_dispatches(call)}")
        return found

    def _problems(self) -> tuple[TagProblem, ...]:
        found = [self._unbalanced(each) for each in self.template.unbalanced]
        for tag in self.template.tags:
            if tag.unread >= 0 and tag.tag.closed:
                found.append(TagProblem(tag.tag.inner, "", False, self.locate(tag.span)))
        return tuple(found)

    def _unbalanced(self, each: Unbalanced) -> TagProblem:
        orphan = not each.expected and each.tag.word.startswith("end")
        return TagProblem(each.tag.inner, each.expected, orphan, self.locate(Span(each.tag.start, each.tag.end)))

    def _semicolon(self) -> Loc | None:
        """The semicolon that ends a model's query; a query in several statements is none of dbt's anyway."""
        at = self.text.rfind(";")
        if at < 0 or _TRAILING.match(self.text, at + 1) is None:
            return None
        line = self.text[self.text.rfind("\n", 0, at) + 1 : at]
        if any("--" not in each[0] for each in _ENDED.finditer(self.text, 0, at)):
            return None
        if "--" in line or any(each.start() <= at < each.end() for each in _COMMENTS.finditer(self.text)):
            return None
        if any(tag.tag.start <= at < tag.tag.end for tag in self.template.tags) or any(
            block.opening.start <= at < block.end for block in self.template.blocks
        ):
            return None
        return self.locate(Span(at, at + 1))


def _leaves_out(text: str) -> bool:
    """Whether rows that ``{{ this }}`` has are left out: by NOT IN, NOT EXISTS, or an outer join that finds none."""
    return any(
        _NOT_IN.search(text, max(0, found.start() - _NEAR), found.start()) is not None
        or (
            _OUTER.search(text, max(0, found.start() - _NEAR), found.start()) is not None
            and _IS_NULL.search(text, found.end()) is not None
        )
        for found in _THIS.finditer(text)
    )


def _dispatches(call: Call) -> str:
    """The name of which ``adapter.dispatch`` looks for an implementation, "" for other calls."""
    if call.name not in ("adapter.dispatch", "adapter_macro"):
        return ""
    first = call.args[0] if call.args else call.keyword("macro_name")
    return first.value if isinstance(first, Const) and isinstance(first.value, str) else ""


def constant(node: Expression) -> Setting:
    """What a constant expression means; Dynamic for every other."""
    if isinstance(node, Const):
        return node.value
    if isinstance(node, Items):
        return tuple(constant(each) for each in node.items)
    if isinstance(node, Pairs):
        if all(isinstance(key, Const) for key, _ in node.pairs):
            return tuple((str(key.value), constant(value)) for key, value in node.pairs if isinstance(key, Const))
        return Dynamic("")
    if isinstance(node, Operation) or dotted(node):
        return Dynamic("")
    return Dynamic("")
