"""Names of states and steps: where one is defined, who leads to it, how it is renamed, which may stand at a place."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from pipesense.engine.features.completion import Item, ItemKind
from pipesense.engine.features.names import Place
from pipesense.engine.record import FileRecord
from pipesense.model.change import Refusal
from pipesense.model.states import StateGraph, StateMachine, TornMachine
from pipesense.model.where import Loc
from pipesense.text.edit import TextEdit
from pipesense.text.regex import regex
from pipesense.text.span import Span

_NAME: Final = regex(r"[^\W\d](?:[\w ./()-]*[\w.)])?")
"""What can be a name without quotes in YAML, and inside quotes everywhere."""
_KEY: Final = regex(
    r"""(?:^|[\s{,])-?\s*["']?(?P<key>Next|Default|StartAt|next)["']?\s*:[ \t]*(?P<quote>["']?)(?P<typed>[^"'\r\n]*)$"""
)
_REST: Final = regex(r"[^\"'\r\n,}\]#]*")
_QUOTABLE: Final = regex(r"[^\"'\\$\x00-\x1f]{1,80}")
"""What a state may be called in quotes, in any text that these stand in."""
_CLOSED: Final = regex(r"[,}\]\"]")
_KEYWORDS: Final = ("end", "break", "continue")


@dataclass(frozen=True, slots=True)
class _Found:
    """A name at a place: the record, its machine and graph, and the name."""

    record: FileRecord
    machine: StateMachine
    graph: StateGraph
    name: str
    sure: bool
    span: Span


@dataclass(frozen=True, slots=True)
class StateNames:
    """``record_of`` gives a file with all its facts."""

    record_of: Callable[[str], FileRecord | None]

    def definition(self, path: str, offset: int) -> tuple[Place, ...]:
        """The state of the name at an offset."""
        found = self._at(path, offset)
        state = found.graph.state(found.name) if found is not None else None
        span = _span(found.record, state.loc) if found is not None and state is not None else None
        return (Place(path, span),) if span is not None else ()

    def references(self, path: str, offset: int) -> tuple[Place, ...]:
        """The state, and every place that leads to it."""
        found = self._at(path, offset)
        return tuple(Place(path, span) for span in _places(found)) if found is not None else ()

    def highlights(self, path: str, offset: int) -> tuple[Span, ...]:
        """The same places."""
        found = self._at(path, offset)
        return tuple(_places(found)) if found is not None else ()

    def renamed(self, path: str, offset: int) -> Span | Refusal:
        """The range of the name that a rename would start from, or why it cannot be renamed."""
        found = self._at(path, offset)
        if found is None:
            return Refusal("no name that is known here stands at this place")
        return _refused(found) or found.span

    def rename(self, path: str, offset: int, name: str) -> Mapping[str, tuple[TextEdit, ...]] | Refusal:
        """The edits that give a state another name, at its definition and wherever a way leads to it."""
        found = self._at(path, offset)
        if found is None:
            return Refusal("no name that is known here stands at this place")
        refused = _refused(found)
        if refused is not None:
            return refused
        if _NAME.fullmatch(name) is None and not (_QUOTABLE.fullmatch(name) and _is_quoted(found)):
            return Refusal(f"`{name}` cannot be written without quotes: use letters, digits, blanks and _ . - ( )")
        if any(graph.state(name) is not None for graph in found.machine.graphs):
            return Refusal(f"the {found.machine.pipeline.noun} has a {found.machine.word} called `{name}` already")
        return {path: tuple(TextEdit(span, name) for span in sorted(_places(found)))}

    def moved(self, path: str, offset: int, name: str) -> Mapping[str, str]:
        """No file is called like a name of this kind."""
        return {}

    def unsure(self, path: str, offset: int, name: str) -> Mapping[str, tuple[TextEdit, ...]]:
        """Further edits of a rename that somebody has to confirm: none, nothing is guessed."""
        return {}

    def completion(self, path: str, offset: int) -> tuple[Item, ...]:
        """The names that may stand behind the key at an offset; first those that no way leads to yet."""
        record = self.record_of(path)
        if record is None:
            return ()
        text = record.document.text
        line = max(text.rfind("\n", 0, offset), text.rfind("\r", 0, offset)) + 1
        typed = _KEY.search(text[line:offset])
        if typed is None:
            return ()
        found = _innermost(record, offset)
        if found is None:
            return ()
        graph = found[1]
        rest = _REST.match(text, offset)
        start = line + typed.start("typed")
        end = offset + len(rest.group().rstrip()) if rest is not None else offset
        quote = '"' if record.document.language == "json" and not typed["quote"] else ""
        own = _own(record, graph, offset)
        led = {jump.name for jump in graph.jumps()}
        names = [(state.name, state.kind) for state in graph.states if state.name != own]
        names.sort(key=lambda each: each[0] in led)
        names += [(word, "") for word in _KEYWORDS if graph.sequential]
        return tuple(
            Item(name, ItemKind.STATE, f"{quote}{name}{quote}", Span(start, end), kind, f"{quote}{name}{quote}")
            for name, kind in names
        )

    def _at(self, path: str, offset: int) -> _Found | None:
        record = self.record_of(path)
        for machine in _machines(record) if record is not None else ():
            for graph in machine.graphs:
                named = [(state.name, state.loc, True) for state in graph.states]
                named += [(jump.name, jump.loc, jump.sure) for jump in graph.jumps()]
                for name, loc, sure in named:
                    span = _span(record, loc) if record is not None else None
                    if record is not None and span is not None and span.contains(offset):
                        return _Found(record, machine, graph, name, sure, span)
        return None


def _machines(record: FileRecord) -> Iterator[StateMachine]:
    for fact in record.linked.facts:
        if isinstance(fact, StateMachine):
            yield fact
        elif isinstance(fact, TornMachine):
            yield fact.machine


def _span(record: FileRecord, loc: Loc) -> Span | None:
    return record.document.file_span(loc)


def _places(found: _Found) -> Iterator[Span]:
    """The state of the name and all that leads to it; a list that two states share stands there once."""
    named = [state.loc for state in found.graph.states if state.name == found.name]
    named += [jump.loc for jump in found.graph.jumps() if jump.name == found.name]
    for loc in dict.fromkeys(named):
        span = _span(found.record, loc)
        if span is not None:
            yield span


def _is_quoted(found: _Found) -> bool:
    """Whether the name of a state stands in double quotes wherever it stands."""
    text = found.record.document.text
    places = list(_places(found))
    return found.machine.word == "state" and all(
        text[span.start - 1 : span.start] == text[span.end : span.end + 1] == '"' for span in places
    )


def _refused(found: _Found) -> Refusal | None:
    if not found.sure or found.graph.state(found.name) is None:
        return Refusal(f"there is no {found.machine.word} of that name here")
    if found.graph.opened is not None:
        return Refusal(f"{found.graph.opened.why}, so not every place of the name is seen")
    text = found.record.document.text
    if any(span.of(text) != found.name for span in _places(found)):
        return Refusal("the name is spelled with escapes, or stands behind an alias, somewhere")
    return None


def _innermost(record: FileRecord, offset: int) -> tuple[StateMachine, StateGraph] | None:
    holding: list[tuple[int, StateMachine, StateGraph]] = []
    for machine in _machines(record):
        for graph in machine.graphs:
            span = _span(record, graph.whole)
            if span is not None and _holds(record, span, offset):
                holding.append((span.end - span.start, machine, graph))
    best = min(holding, key=lambda each: each[0], default=None)
    return (best[1], best[2]) if best is not None else None


def _holds(record: FileRecord, span: Span, offset: int) -> bool:
    """Whether an offset stands in a node: what is typed at the end of its last line stands behind its last value."""
    text = record.document.text
    end = text.find("\n", span.end)
    behind = text[span.end : offset]
    return span.start <= offset <= max(span.end, end if end >= 0 else len(text)) and not _CLOSED.search(behind)


def _own(record: FileRecord, graph: StateGraph, offset: int) -> str:
    """The state that an offset stands in."""
    for state in reversed(graph.states):
        span = _span(record, state.whole)
        if span is not None and _holds(record, span, offset):
            return state.name
    return ""
