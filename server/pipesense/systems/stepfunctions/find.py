"""Where a file holds state machines: as the file itself, below a key of a template, or as JSON in a text of one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

from pipesense.lang.documents.edit import Editor
from pipesense.lang.documents.file import DocumentFile
from pipesense.lang.documents.part import Part, PartEntry
from pipesense.lang.json.read import read_json
from pipesense.lang.yaml.nodes import Alias, Entry, Mapping, Node, Scalar, Sequence, mapping, scalar
from pipesense.text.span import Span

_PASSED: Final = frozenset(
    (
        "definition",
        "definitionstring",
        "definitionbody",
        "properties",
        "fn::sub",
        "fn::join",
        "resources",
        "statemachines",
        "asl",
    )
)
"""Keys on the way to a definition that do not name the machine."""
_TEXTS: Final = ("|", ">", "'")
"""How YAML writes a text of which every character is its own."""


@dataclass(frozen=True, slots=True)
class Found:
    """A machine: its definition, what it is called and where, and how its text is edited."""

    name: str
    place: Span
    node: Mapping
    editor: Editor
    express: bool = False
    torn: bool = False
    """The text it stands in could not be read to its end."""
    part: Part | None = None
    """The part of a large file that holds all of it; then the places are the part's."""


def is_machine(node: Node | None) -> bool:
    """Whether a mapping defines states."""
    return isinstance(node, Mapping) and node.own("StartAt") is not None and mapping(node.get("States")) is not None


def machines(file: DocumentFile, *, in_parts: bool = True) -> Iterator[Found]:
    """Every outermost state machine of a file; ``in_parts``: those in a part of a large one in places of the part."""
    editor = Editor(file.tree, file.language == "json")
    torn = file.tree.problem is not None
    for root in file.roots:
        waiting: list[tuple[Node | PartEntry, tuple[Entry, ...], Mapping | None]] = [(root, (), None)]
        while waiting:
            node, keys, around = waiting.pop()
            if isinstance(node, PartEntry):
                if "StartAt" not in node.part.text:
                    continue
                if in_parts and _stands_alone(node):
                    yield from _in_part(file, node.part, torn)
                    continue
                node = node.value
            if isinstance(node, Mapping):
                if is_machine(node):
                    name, place = _name(file, keys, node)
                    yield Found(name, place, node, editor, _express(around), torn)
                    continue
                for each in reversed(node.entries):
                    waiting.append((each if isinstance(each, PartEntry) else each.value, (*keys, each), node))
            elif isinstance(node, Sequence):
                waiting += [(each, keys, around) for each in reversed(node.items) if not isinstance(each, Alias)]
            elif isinstance(node, Scalar) and node.style in _TEXTS and '"StartAt"' in node.text:
                found = _in_text(file, node, keys, around)
                if found is not None:
                    yield found


def _stands_alone(entry: PartEntry) -> bool:
    """Whether a part says by itself what a machine in it is called and how it is run."""
    key, value = entry.key, entry.part.entry.value
    return key is not None and key.lower() not in _PASSED and isinstance(value, Mapping) and not is_machine(value)


def _in_part(file: DocumentFile, part: Part, torn: bool) -> tuple[Found, ...]:
    """The machines of a part, looked for once for as long as its text stays."""

    def compute() -> tuple[Found, ...]:
        return tuple(replace(found, part=part, torn=torn) for found in machines(file.alone(part)))

    return part.memo(("machines", torn), compute)


def _in_text(file: DocumentFile, node: Scalar, keys: tuple[Entry, ...], around: Mapping | None) -> Found | None:
    """A definition that is the text of a key. Its indentation means nothing to JSON, so it is read where it stands."""
    opening = "'" if node.style == "'" else "\n"
    region = Span(file.text.find(opening, node.span.start) + 1, node.span.end - (opening == "'"))
    if opening == "'" and "''" in region.of(file.text):
        # What is written in it is not what it says.
        return None
    if not 0 < region.start < region.end:
        return None
    tree = read_json(file.text, region)
    root = tree.root
    if not isinstance(root, Mapping) or not is_machine(root):
        return None
    name, place = _name(file, keys, root)
    return Found(name, place, root, Editor(tree, True), _express(around), tree.problem is not None)


def _name(file: DocumentFile, keys: tuple[Entry, ...], node: Mapping) -> tuple[str, Span]:
    """The nearest key above that is somebody's own word, else the file's name at the key of the first state."""
    for entry in reversed(keys):
        if entry.key is not None and entry.key.lower() not in _PASSED:
            return entry.key, inner(entry.name)
    start = node.own("StartAt")
    return file.name, start.name.span if start is not None else node.span


def inner(node: Node) -> Span:
    """A scalar's characters without its quotes."""
    if isinstance(node, Scalar) and node.style in ("'", '"') and node.span.end - node.span.start >= 2:
        return Span(node.span.start + 1, node.span.end - 1)
    return node.span


def _express(around: Mapping | None) -> bool:
    """Whether the template says that a run is over after five minutes in any case."""
    if around is None:
        return False
    said = scalar(around.get("Type")) or scalar(around.get("StateMachineType")) or scalar(around.get("type"))
    return said is not None and said.upper() == "EXPRESS"
