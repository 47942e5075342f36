"""Reading YAML: PyYAML's events, from libyaml where it is there, made into nodes with positions.

Nodes are built from events with a stack of our own: no depth of nesting costs stack, an alias stays one node, and what
stood before an error is kept. https://pyyaml.org/wiki/PyYAMLDocumentation (6.0).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from pipesense.lang.yaml.nodes import Alias, Entry, Mapping, Node, Scalar, Sequence
from pipesense.text.regex import regex
from pipesense.text.span import Span

if TYPE_CHECKING:
    from yaml.events import Event

_DEPTH: Final = 200
_NODES: Final = 500_000
_LENGTH: Final = 20_000_000
_JINJA: Final = regex(r"\{\{|\{%|\{#")
_CORE: Final = "tag:yaml.org,2002:"
_TABBED: Final = regex(r"^[ ]*\t[ \t]*\S", re.M)


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a text, or the rest of it, is no YAML. ``what`` is a sentence without a full stop."""

    span: Span
    what: str


@dataclass(frozen=True, slots=True)
class Duplicate:
    """A key that stands twice in one mapping; loaders keep the second and say nothing."""

    key: str
    first: Span
    again: Span


@dataclass(frozen=True, slots=True)
class YamlFile:
    """The documents of one text.

    ``problem``: reading ended there, and the last document holds what stood before it. ``templated``: it did because
    the text is a template that only becomes YAML when it is rendered; then nobody should be told of the problem.
    """

    text: str
    documents: tuple[Node, ...]
    problem: Problem | None = None
    templated: bool = False
    duplicates: tuple[Duplicate, ...] = ()

    @property
    def root(self) -> Node | None:
        """The first document."""
        return self.documents[0] if self.documents else None

    @property
    def is_whole(self) -> bool:
        """Whether everything was read, so that what is not in it is absent."""
        return self.problem is None


@dataclass(slots=True)
class _Open:
    """A collection whose end was not reached yet."""

    start: int
    end: int
    is_mapping: bool
    flow: bool
    tag: str
    anchor: str
    nodes: list[Node] = field(default_factory=list)


@dataclass(slots=True)
class _Builder:
    text: str
    shift: int
    documents: list[Node] = field(default_factory=list)
    duplicates: list[Duplicate] = field(default_factory=list)
    open: list[_Open] = field(default_factory=list)
    anchors: dict[str, Node] = field(default_factory=dict)
    count: int = 0
    dangling: Span | None = None

    def add(self, node: Node) -> None:
        if node.anchor:
            self.anchors[node.anchor] = node
        if self.open:
            top = self.open[-1]
            top.nodes.append(node)
            top.end = max(top.end, node.span.end)
        else:
            self.documents.append(node)

    def close(self, end: int | None = None) -> None:
        top = self.open.pop()
        span = Span(top.start, max(top.end, top.start if end is None else end))
        if not top.is_mapping:
            self.add(Sequence(span, tuple(top.nodes), top.flow, top.tag, top.anchor))
            return
        if top.flow and self.text.startswith("{{", span.start) and self.text.endswith("}}", span.start, span.end):
            self.add(Scalar(span, span.of(self.text), "", "", top.anchor, template=True))
            return
        if len(top.nodes) % 2:
            at = top.nodes[-1].span.end
            top.nodes.append(Scalar(Span(at, at), ""))
        entries = tuple(
            Entry(name.text if isinstance(name, Scalar) and not name.template else None, name, value)
            for name, value in zip(top.nodes[::2], top.nodes[1::2], strict=True)
        )
        first: dict[str, Span] = {}
        for entry in entries:
            if entry.key is None or entry.key == "<<":
                continue
            if entry.key in first:
                self.duplicates.append(Duplicate(entry.key, first[entry.key], entry.name.span))
            else:
                first[entry.key] = entry.name.span
        self.add(Mapping(span, entries, top.flow, top.tag, top.anchor))

    def finish(self) -> None:
        """Close what an error left open."""
        while self.open:
            self.close()


def read_yaml(text: str) -> YamlFile:
    """Read all documents of a text. Never fails: what is no YAML is said by ``problem``."""
    import yaml

    if len(text) > _LENGTH:
        return YamlFile(text, (), Problem(Span(0, 0), "This file is too long to be read as YAML"))
    shift = 1 if text.startswith("\ufeff") else 0
    builder = _Builder(text, shift)
    problem: Problem | None = None
    loader: Any = getattr(yaml, "CSafeLoader", None)
    if loader is None:
        from pipesense.lang.yaml.pure import pure_loader

        loader = pure_loader
    try:
        for event in yaml.parse(text[shift:], Loader=loader):
            problem = _take(builder, event)
            if problem is not None:
                break
    except yaml.MarkedYAMLError as error:
        problem = _told(text, error, shift)
    except (yaml.YAMLError, UnicodeEncodeError) as error:
        at = getattr(error, "position", None)
        at = at + shift if isinstance(at, int) else 0
        problem = Problem(Span(at, min(at + 1, len(text))), "This file holds a character that YAML does not allow")
    builder.finish()
    if problem is None and builder.dangling is not None:
        problem = Problem(builder.dangling, "This alias has no anchor before it")
    templated = problem is not None and _JINJA.search(text) is not None
    return YamlFile(text, tuple(builder.documents), problem, templated, tuple(builder.duplicates))


def walk(node: Node) -> Iterator[Node]:
    """A node and all below it in the order of the text; aliases are not followed."""
    waiting = [node]
    while waiting:
        each = waiting.pop()
        yield each
        if isinstance(each, Sequence):
            waiting.extend(reversed(each.items))
        elif isinstance(each, Mapping):
            for entry in reversed(each.entries):
                waiting += (entry.value, entry.name)


def _take(builder: _Builder, event: Event) -> Problem | None:
    kind = type(event).__name__
    start, end = event.start_mark.index + builder.shift, event.end_mark.index + builder.shift
    if kind == "ScalarEvent":
        builder.count += 1
        style = "" if event.style in (None, ":") else event.style
        if style in ("|", ">"):
            # The scanner reads on to the next token; the scalar ends with its last visible character.
            end = start + len(builder.text[start:end].rstrip())
        text = event.value
        template = not style and text.startswith(("{{", "{%")) and text.endswith(("}}", "%}"))
        builder.add(Scalar(Span(start, max(start, end)), text, style, _tag(event.tag), event.anchor or "", template))
    elif kind in ("MappingStartEvent", "SequenceStartEvent"):
        builder.count += 1
        start = _behind_properties(builder.text, start, event)
        builder.open.append(
            _Open(start, start, kind[0] == "M", bool(event.flow_style), _tag(event.tag), event.anchor or "")
        )
        if len(builder.open) > _DEPTH:
            return Problem(Span(start, start + 1), f"This is nested more than {_DEPTH} levels deep")
    elif kind in ("MappingEndEvent", "SequenceEndEvent"):
        builder.close(end if builder.open[-1].flow else None)
    elif kind == "AliasEvent":
        builder.count += 1
        target = builder.anchors.get(event.anchor)
        if target is None and builder.dangling is None and all(each.anchor != event.anchor for each in builder.open):
            builder.dangling = Span(start, end)
        if any(each.anchor == event.anchor for each in builder.open):
            target = None
        builder.add(Alias(Span(start, end), event.anchor, target))
    elif kind == "DocumentStartEvent":
        builder.anchors = {}
    if builder.count > _NODES:
        return Problem(Span(start, start + 1), "This file holds too many values to be read")
    return None


def _behind_properties(text: str, start: int, event: Event) -> int:
    """Where a collection itself starts, behind its anchor and tag."""
    if not event.anchor and not event.tag:
        return start
    match = re.compile(r"(?:(?:[&!]\S*|#[^\r\n]*)?\s+|[&!][^\s,\[\]{}]*)*").match(text, start)
    return match.end() if match is not None else start


def _tag(tag: str | None) -> str:
    if not tag or tag == "!":
        return ""
    return "!!" + tag.removeprefix(_CORE) if tag.startswith(_CORE) else tag


def _told(text: str, error: Any, shift: int) -> Problem:
    """What a parser's error means, in our words, on the characters that caused it."""
    mark = error.problem_mark or error.context_mark
    at = min(mark.index + shift, len(text)) if mark is not None else 0
    line_start = max(text.rfind("\n", 0, at), text.rfind("\r", 0, at)) + 1
    what = str(error.problem or error.context or "")
    tab = _TABBED.match(text, line_start)
    if tab is not None or (at < len(text) and text[at] == "\t"):
        start = text.find("\t", line_start)
        return Problem(Span(start, start + 1), "YAML is indented with blanks; a tab cannot indent")
    span = Span(at, min(len(text), at + 1))
    if "mapping values are not allowed" in what:
        return Problem(span, "A colon starts a value here, but the line is already one; quote the text that holds it")
    if "did not find expected" in what or "could not find expected" in what or "expected" in what:
        return Problem(span, "This does not fit what stands before it: the indentation, or a bracket or quote, is off")
    return Problem(span, "From here on this is no YAML")
