"""A template as a list of tags, each with its expressions read, and the blocks that they make.

https://jinja.palletsprojects.com/templates/ (3.1) and dbt's own tags (snapshot, test, data_test, materialization,
docs): https://docs.getdbt.com/docs/build/jinja-macros.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from pipesense.lang.jinja.expressions import Call, Expression, Name, NotRead, Reader, walk
from pipesense.lang.jinja.tags import Tag, tags
from pipesense.text.span import Span

OPENERS: Final = {
    **{word: f"end{word}" for word in ("if", "for", "macro", "call", "filter", "with", "raw", "block", "autoescape")},
    **{word: f"end{word}" for word in ("snapshot", "test", "data_test", "materialization", "docs")},
}
"""Tags that open a block, and what closes them; ``set`` does where it has no value."""
_ENDS: Final = frozenset((*OPENERS.values(), "endset"))
_CLOSERS: Final = {"expression": "}}", "statement": "%}", "comment": "#}"}
_MIDDLES: Final = {"else": ("if", "for"), "elif": ("if",)}
_SINGLE: Final = frozenset(
    ("include", "import", "from", "extends", "do", "break", "continue", "debug", "trans", "print")
)


@dataclass(frozen=True, slots=True)
class ReadTag:
    """A tag and what stands in it. ``names`` are those that it gives values to: variables, parameters.

    ``inside``: the words of the blocks that hold it, the outermost first; ``unread``: where reading ended, -1 if it
    did not. ``defined``: the name that a macro, snapshot, test or docs block defines.
    """

    tag: Tag
    expressions: tuple[Expression, ...]
    names: tuple[Name, ...]
    inside: tuple[str, ...]
    block: int
    """The number of the innermost block that holds it, -1 for none."""
    defined: Name | None = None
    unread: int = -1

    @property
    def span(self) -> Span:
        """The whole tag."""
        return Span(self.tag.start, self.tag.end)


@dataclass(frozen=True, slots=True)
class Block:
    """A block from its opening tag to its closing one; ``name`` where it defines something."""

    word: str
    name: Name | None
    parent: int
    opening: Span
    end: int


@dataclass(frozen=True, slots=True)
class Unbalanced:
    """A tag that closes or divides nothing, or that nothing closes; ``expected``: what was due there, or ""."""

    tag: Tag
    expected: str


@dataclass(frozen=True, slots=True)
class Template:
    """Everything between the delimiters of a text."""

    tags: tuple[ReadTag, ...]
    blocks: tuple[Block, ...]
    unbalanced: tuple[Unbalanced, ...]

    def calls(self) -> Iterator[tuple[ReadTag, Call]]:
        """Every call with the tag that it stands in, in the order of the text, outer calls first."""
        for tag in self.tags:
            for expression in tag.expressions:
                for node in walk(expression):
                    if isinstance(node, Call):
                        yield tag, node


def read_template(text: str) -> Template:
    """Read all tags; those in a ``raw`` block or a comment are none."""
    reading = _Reading(text)
    for tag in tags(text) if "{" in text else ():
        reading.take(tag)
    wrong = [*reading.wrong, *(Unbalanced(tag, f"end{word}") for word, _, tag in reading.open)]
    return Template(tuple(reading.found), tuple(reading.blocks), tuple(wrong))


@dataclass(slots=True)
class _Reading:
    """What was read so far; ``open``: the blocks that wait for their ends."""

    text: str
    found: list[ReadTag] = field(default_factory=list)
    blocks: list[Block] = field(default_factory=list)
    wrong: list[Unbalanced] = field(default_factory=list)
    open: list[tuple[str, int, Tag]] = field(default_factory=list)
    raw: bool = False

    def take(self, tag: Tag) -> None:
        if self.raw:
            if tag.word == "endraw":
                self.raw = False
                _close(self.blocks, self.open.pop()[1], tag)
            return
        if not tag.closed:
            self.wrong.append(Unbalanced(tag, _CLOSERS[tag.kind]))
        if tag.kind == "comment":
            return
        inside = tuple(word for word, _, _ in self.open)
        read = _read(self.text, tag, inside, self.open[-1][1] if self.open else -1)
        self.found.append(read)
        if tag.kind == "statement":
            self._statement(tag, read)

    def _statement(self, tag: Tag, read: ReadTag) -> None:
        word = tag.word
        if word in OPENERS or (word == "set" and read.unread < 0 and not read.expressions):
            self.open.append((word, len(self.blocks), tag))
            self.blocks.append(Block(word, read.defined, read.block, Span(tag.start, tag.end), len(self.text)))
            self.raw = word == "raw"
        elif word in _ENDS:
            if self.open and self.open[-1][0] == word[3:]:
                _close(self.blocks, self.open.pop()[1], tag)
                return
            self._misfit(tag)
            if any(each[0] == word[3:] for each in self.open):
                while self.open[-1][0] != word[3:]:
                    self.open.pop()
                _close(self.blocks, self.open.pop()[1], tag)
        elif word in _MIDDLES and (not self.open or self.open[-1][0] not in _MIDDLES[word]):
            self._misfit(tag)

    def _misfit(self, tag: Tag) -> None:
        self.wrong.append(Unbalanced(tag, f"end{self.open[-1][0]}" if self.open else ""))


def _close(blocks: list[Block], at: int, tag: Tag) -> None:
    block = blocks[at]
    blocks[at] = Block(block.word, block.name, block.parent, block.opening, tag.end)


def _read(text: str, tag: Tag, inside: tuple[str, ...], block: int) -> ReadTag:
    start = tag.start + 2
    end = tag.end - 2 if tag.closed else tag.end
    # A sign of whitespace control belongs to the delimiter.
    if text[start : start + 1] in ("-", "+") and (tag.kind == "statement" or text[start : start + 1] == "-"):
        start += 1
    if end > start and text[end - 1] in "-+":
        end -= 1
    expressions: list[Expression] = []
    names: list[Name] = []
    defined: list[Name] = []
    try:
        reader = Reader(text, start, end)
        if tag.kind == "expression":
            expressions.append(reader.several())
        else:
            _statement(reader, tag.word, expressions, names, defined)
        unread = -1 if reader.done else reader.offset
    except NotRead as error:
        unread = error.at
    return ReadTag(tag, tuple(expressions), tuple(names), inside, block, defined[0] if defined else None, unread)


def _statement(reader: Reader, word: str, found: list[Expression], names: list[Name], defined: list[Name]) -> None:
    reader.name()
    if word in ("if", "elif", "do"):
        found.append(reader.several())
    elif word == "for":
        _loop(reader, found, names)
    elif word == "set":
        _assignment(reader, found, names)
    elif word in ("macro", "test", "data_test", "snapshot", "docs", "materialization"):
        defined.append(reader.name())
        if word != "materialization":
            _parameters(reader, found, names)
        while reader.take(","):
            reader.name()
            if reader.take("="):
                found.append(reader.expression())
    elif word == "call":
        _parameters(reader, found, names)
        found.append(reader.expression())
    elif word in OPENERS or word in _ENDS or word == "else" or word in _SINGLE:
        _loosely(reader, found, names)


def _loop(reader: Reader, found: list[Expression], names: list[Name]) -> None:
    _targets(reader, names)
    if not reader.take("in"):
        raise NotRead(reader.offset)
    found.append(reader.several(conditional=False))
    if reader.take("if"):
        found.append(reader.expression())
    reader.take("recursive")


def _assignment(reader: Reader, found: list[Expression], names: list[Name]) -> None:
    _targets(reader, names)
    while reader.take("."):
        reader.name()
    if reader.take("="):
        found.append(reader.several())
    elif reader.take("|"):
        reader.name()
        while not reader.done:
            found.append(reader.expression())


def _targets(reader: Reader, names: list[Name]) -> None:
    while True:
        if reader.take("("):
            _targets(reader, names)
            reader.take(")")
        else:
            names.append(reader.name())
        if not reader.take(","):
            return


def _parameters(reader: Reader, found: list[Expression], names: list[Name]) -> None:
    if not reader.take("("):
        return
    while not reader.sees(")"):
        names.append(reader.name())
        if reader.take("="):
            found.append(reader.expression())
        if not reader.take(","):
            break
    if not reader.take(")"):
        raise NotRead(reader.offset)


def _loosely(reader: Reader, found: list[Expression], names: list[Name]) -> None:
    """What dbt's files hardly ever hold: names are taken as given, so that none of them counts as missing."""
    while not reader.done:
        if reader.take(",", "=", "as"):
            continue
        each = reader.expression()
        found.append(each)
        names += [node for node in walk(each) if isinstance(node, Name)]
