"""Large documents in parts, so that a key costs the part that it is typed in.

A part is one key with all that stands below it. It is read alone, with places that are its own, and stays the same
object as long as its text is the same: what was derived from it stays with it. The keys above the parts are put
together anew with every reading; what a part holds gets places of the whole text only when somebody asks for them.

Reading a part alone gives what reading the whole text would give there, or is not done: where an edit could mean
something outside of its part (another indentation, a quote that is not closed, an anchor), the whole text is read.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, TypeAlias, cast

from pipesense.lang.documents.alone import alone, json_part, yaml_part
from pipesense.lang.documents.part import Part, PartEntry, Parts, moved, moved_entry
from pipesense.lang.documents.read import read_document
from pipesense.lang.yaml.nodes import Alias, Entry, Mapping, Node, Scalar
from pipesense.lang.yaml.read import Problem, YamlFile, walk
from pipesense.text.common import common_end, common_start
from pipesense.text.regex import regex
from pipesense.text.span import Span

LARGE: Final = 20_000
"""Characters of a document that is read in parts; a shorter one is read in a few milliseconds."""
_MOST: Final = 4_000
"""Characters of a part that is worth no further cut."""
_JINJA: Final = regex(r"\{\{|\{%|\{#")


@dataclass(slots=True, eq=False)
class _Branch:
    """A key whose value is cut into parts; everything of its text is in ``head``, the parts, and ``tail``.

    ``name`` and ``begin``, where the mapping begins, count from the start of the branch; the root has no name.
    """

    name: Scalar | None
    head: str
    begin: int
    flow: bool
    tag: str
    children: list[_Child]
    tail: str

    def size(self) -> int:
        return len(self.head) + sum(_size(each) for each in self.children) + len(self.tail)


_Child: TypeAlias = "Part | _Branch"


def _size(child: _Child) -> int:
    return child.size() if isinstance(child, _Branch) else child.size


@dataclass(slots=True, eq=False)
class Reading:
    """Reads the texts that a document has one after the other. ``fresh`` gives numbers for new parts."""

    language: str
    fresh: Callable[[], int]
    parts: Parts | None = None
    """Those of the last text; None where it was not cut."""
    reused: int = 0
    """How many texts were read by reading one part."""
    _text: str = ""
    _root: _Branch | None = None
    _torn: Part | None = None
    """The only part that cannot be read to its end."""
    _before: tuple[Part, ...] = ()
    """The parts of the last text that was cut: a quote that is opened takes them away, and brings them back."""

    def read(self, text: str) -> YamlFile:
        """The tree of a text: what ``read_document`` gives, with entries of parts in it."""
        file = self._again(text) if self._root is not None else None
        if file is None:
            file = self._afresh(text)
        else:
            self.reused += 1
        self._text = text
        return file

    def forget(self) -> None:
        """Drop what can be derived again; parts keep their numbers."""
        if self._torn is not None:
            self._root = self._torn = None
        self._before = ()
        for each in self.parts or ():
            each.forget()

    # --- the whole text --------------------------------------------------------------------------

    def _afresh(self, text: str) -> YamlFile:
        whole = read_document(self.language, text)
        self._before = tuple(self.parts or self._before)
        known = {each.text: each for each in self._before}
        self._root = self._torn = self.parts = None
        root = whole.documents[0] if len(whole.documents) == 1 else None
        if not isinstance(root, Mapping) or whole.problem is not None or whole.duplicates or not _plain(whole, root):
            return whole
        cutter = _Cutter(self.language, text, known, self.fresh)
        self._root = cutter.branch(None, root, Span(0, len(text)))
        if self._root is None:
            return whole
        return self._composed(text, None)

    # --- one part --------------------------------------------------------------------------------

    def _again(self, text: str) -> YamlFile | None:
        """The tree where all that changed stands in one part; None where the whole text has to be read."""
        old = self._text
        if text == old:
            return self._composed(text, None)
        same = common_start(old, text)
        behind = common_end(old, text, same)
        place = self._child_at(same, len(old) - behind)
        if place is None:
            return None
        branch, number, start = place
        part = cast(Part, branch.children[number])
        if self._torn not in (None, part):
            return None
        end = start + part.size + len(text) - len(old)
        if self.language == "json":
            found = json_part(part, text[start:end], Span(same - start, len(old) - behind - start), self.fresh)
        else:
            last = number == len(branch.children) - 1
            found = yaml_part(part, text, Span(start, end), last, self.fresh)
        if found is None or any(_key(each) == _key(found) for each in branch.children if each is not part):
            return None
        branch.children[number] = found
        problem = found.tree.problem
        self._torn = found if problem is not None else None
        return self._composed(text, problem)

    def _child_at(self, start: int, end: int) -> tuple[_Branch, int, int] | None:
        """The part that holds all characters of a range: its branch, its number there, and where it starts."""
        branch, at = self._root, 0
        while branch is not None:
            number, at = _child_at(branch, at + len(branch.head), start, len(self._text))
            child = branch.children[number] if number >= 0 else None
            if child is None or end > at + _size(child):
                return None
            if not isinstance(child, _Branch):
                return branch, number, at
            branch = child
        return None

    # --- the tree --------------------------------------------------------------------------------

    def _composed(self, text: str, problem: Problem | None) -> YamlFile:
        placed: list[tuple[int, Part]] = []
        root = cast(_Branch, self._root)
        # A YAML text ends for its readers where it is torn; a JSON text goes on behind it.
        stop = self._torn if self.language == "yaml" else None
        node, _, _ = _mapping(root, 0, placed, stop)
        self.parts = Parts(placed)
        torn = self._torn
        if torn is not None:
            problem = torn.tree.problem
        if torn is None or problem is None:
            return YamlFile(text, (node,))
        base = self.parts.base_of(torn.id) or 0
        moved = Problem(problem.span.shift(base), problem.what)
        return YamlFile(text, (node,), moved, self.language == "yaml" and _JINJA.search(text) is not None)


def _mapping(branch: _Branch, at: int, placed: list[tuple[int, Part]], stop: Part | None) -> tuple[Mapping, int, bool]:
    """The mapping of a branch at an offset, where its text ends, and whether ``stop`` was met, behind which is none."""
    entries: list[Entry] = []
    start, met = at, False
    at += len(branch.head)
    last = at
    for child in branch.children:
        if isinstance(child, _Branch):
            node, end, met = _mapping(child, at, placed, stop)
            name = cast(Scalar, moved(cast(Scalar, child.name), at))
            entries.append(Entry(name.text, name, node))
            last, at = node.span.end, end
        else:
            entry = child.entry
            placed.append((at, child))
            entries.append(PartEntry(child, at, entry.key))
            last = max(entry.name.span.end, entry.value.span.end) + at - child.lead
            at += _size(child)
            met = child is stop
        if met:
            break
    else:
        at += len(branch.tail)
    if branch.flow:
        last = at - len(branch.tail) + 1
    return Mapping(Span(start + branch.begin, last), tuple(entries), branch.flow, branch.tag), at, met


def _child_at(branch: _Branch, at: int, offset: int, end: int) -> tuple[int, int]:
    """Which child of a branch holds an offset, and where it starts; -1 for none. ``at``: where the first one starts."""
    for number, child in enumerate(branch.children):
        size = _size(child)
        if at <= offset < at + size or offset == at + size == end:
            return number, at
        at += size
    return -1, at


def _key(child: _Child) -> str | None:
    if isinstance(child, _Branch):
        return child.name.text if child.name is not None else None
    return child.entry.key


@dataclass(slots=True)
class _Cutter:
    """Cuts a tree that was read whole. ``known``: the parts of the text before, by their texts."""

    language: str
    text: str
    known: dict[str, Part]
    fresh: Callable[[], int]

    def branch(self, name: Node | None, node: Mapping, region: Span) -> _Branch | None:
        """The parts of a mapping whose key and value stand in a region; None where it cannot be cut."""
        json = self.language == "json"
        if not node.entries or node.flow != json or (name is not None and not isinstance(name, Scalar)):
            return None
        starts: list[int] = []
        columns: set[int] = set()
        for entry in node.entries:
            at = entry.name.span.start
            line = at if json else self.text.rfind("\n", 0, at) + 1
            if entry.key is None or entry.key == "<<" or self.text[line:at].strip(" ") or line < region.start:
                return None
            columns.add(at - line)
            starts.append(line)
        if len(columns) > 1 or (name is not None and starts[0] <= name.span.start):
            return None
        end = node.span.end - 1 if json else region.end
        ends = [*starts[1:], end]
        children: list[_Child] = []
        for entry, start, stop in zip(node.entries, starts, ends, strict=True):
            inner = None
            size = stop - start
            if size > _MOST or (size * 2 > _MOST and size * 2 > region.end - region.start):
                value = entry.value
                inner = self.branch(entry.name, value, Span(start, stop)) if isinstance(value, Mapping) else None
            children.append(inner or self._part(entry, start, stop))
        begin = node.span.start - region.start
        own = moved(name, -region.start) if name is not None else None
        head, tail = self.text[region.start : starts[0]], self.text[end : region.end]
        return _Branch(cast("Scalar | None", own), head, begin, node.flow, node.tag, children, tail)

    def _part(self, entry: Entry, start: int, stop: int) -> Part:
        text, lead = alone(self.text[start:stop], self.language)
        back = self.known.pop(text, None)
        if back is not None:
            return back
        own = moved_entry(entry, lead - start)
        inner = Span(0, len(text)) if lead else own.span
        return Part(self.fresh(), text, self.language, lead, YamlFile(text, (Mapping(inner, (own,), bool(lead)),)))


def _plain(file: YamlFile, root: Mapping) -> bool:
    """Whether no place of a text means something at another one, and lines are lines for everybody."""
    text = file.text
    if len(text) < LARGE or text.startswith(("%", "\ufeff")) or "/*" in text:
        return False
    return not any(isinstance(each, Alias) or each.anchor for each in walk(root) if not isinstance(each, Scalar)) and (
        "&" not in text or not any(each.anchor for each in walk(root))
    )
