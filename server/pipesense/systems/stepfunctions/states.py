"""From a definition's nodes to states: what comes next, what is repeated, what is caught."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

from pipesense.lang.documents.file import DocumentFile
from pipesense.lang.documents.part import Part, part_of
from pipesense.lang.yaml.nodes import Entry, Mapping, Node, Scalar, Sequence, items, mapping, resolved, scalar
from pipesense.model.states import Handler, Jump, State, StateGraph
from pipesense.model.value import Absent, Known, Unknown, Value
from pipesense.model.where import Loc
from pipesense.systems.stepfunctions.find import Found, inner, is_machine
from pipesense.systems.stepfunctions.resources import Resource, resource_of
from pipesense.systems.stepfunctions.templates import Given
from pipesense.text.regex import regex

_HOLE: Final = regex(r"\$\{|\{%|\{\{")
_NO_DEFAULT: Final = Unknown("the service waits as long as a run may take")
_MOST: Final = 10_000
"""States of one file; aliases of aliases can make any number of them."""
_KINDS: Final = frozenset(("Task", "Pass", "Choice", "Wait", "Succeed", "Fail", "Parallel", "Map"))


@dataclass(frozen=True, slots=True)
class Around:
    """What the states around one do for it.

    ``handled``: they go on where it fails. ``repeated``: the one that repeats all that is inside, "" where none does.
    ``ended``: a branch beside it waits for some time and fails then, which ends its waiting, too.
    """

    handled: bool = False
    repeated: str = ""
    ended: bool = False


@dataclass(frozen=True, slots=True)
class Read:
    """A state with what the fact does not carry: its nodes, and the graphs inside it."""

    state: State
    body: Mapping
    entry: Entry
    resource: Resource | None
    inside: tuple[ReadGraph, ...]
    """The graphs of a Parallel's branches, or of a Map's processor."""
    around: Around
    file: DocumentFile
    """In whose places the nodes are: the part, where the state is one."""
    part: Part | None = None
    """The part that holds nothing but the state."""

    def everything(self) -> Iterator[Read]:
        """The state, and those inside it."""
        yield self
        for inside in self.inside:
            yield from inside.everything()


@dataclass(frozen=True, slots=True)
class ReadGraph:
    """A graph with its states as they were read."""

    graph: StateGraph
    reads: tuple[Read, ...]

    def everything(self) -> Iterator[Read]:
        """Every state, those inside others behind them."""
        for read in self.reads:
            yield from read.everything()

    def graphs(self) -> Iterator[StateGraph]:
        """This graph and all inside it."""
        yield self.graph
        for read in self.reads:
            for inside in read.inside:
                yield from inside.graphs()


@dataclass(slots=True)
class Reader:
    """Reads one machine; ``language`` is the query language that states use unless they name another."""

    file: DocumentFile
    found: Found
    language: str = "JSONPath"
    count: int = 0
    given: Given | None = None
    """What a template puts into the definition."""
    in_parts: bool = True
    """Parts are read once and have places of their own; else all nodes have places of the whole text."""

    def machine(self) -> ReadGraph:
        """The outermost graph."""
        self.language = scalar(self.found.node.get("QueryLanguage")) or "JSONPath"
        return self.graph(self.found.node, Around())

    def graph(self, node: Mapping, around: Around) -> ReadGraph:
        """The states of a mapping with StartAt and States."""
        start = node.own("StartAt")
        jump = self.jump("StartAt", start.value, node) if start is not None else None
        states = mapping(node.get("States")) or Mapping(node.span, ())
        opened = Unknown("the file cannot be read to its end") if self.found.torn else None
        reads: list[Read] = []
        for entry in states.entries:
            part = part_of(entry) if self.in_parts else None
            if part is not None:
                entry = part.entry
            body = mapping(entry.value)
            if entry.key is None or body is None or entry.key.startswith("Fn::") or _HOLE.search(entry.key):
                opened = opened or Unknown("some states are put in from elsewhere")
                continue
            self.count += 1
            if self.count > _MOST:
                opened = Unknown("there are more states than are read")
                break
            reads.append(self.state(entry, body, around) if part is None else self.kept(part, body, around))
        if any(not jump.sure for read in reads for jump in read.state.jumps):
            opened = opened or Unknown("the name of a next state is filled in later")
        place = start.name.span if start is not None else node.span
        whole = self.file.loc(node.span)
        graph = StateGraph(self.file.loc(place), whole, jump, tuple(read.state for read in reads), False, opened)
        return ReadGraph(graph, tuple(reads))

    def kept(self, part: Part, body: Mapping, around: Around) -> Read:
        """The state that a part is, read once for as long as its text stays."""

        def compute() -> tuple[Read, int]:
            inner = Reader(self.file.alone(part), self.found, self.language, given=self.given)
            return replace(inner.state(part.entry, body, around), part=part), inner.count

        read, count = part.memo(("state", self.language, around, self.given, self.found.torn), compute)
        self.count += count
        return read

    def resource(self, body: Mapping) -> Resource:
        """What a task calls, with what a template puts in."""
        text = scalar(body.get("Resource"))
        return resource_of(self.given.put_into(text) if text is not None and self.given is not None else text)

    def state(self, entry: Entry, body: Mapping, around: Around) -> Read:
        """One state."""
        kind = scalar(body.get("Type")) or ""
        resource = self.resource(body) if kind == "Task" else None
        language = scalar(body.get("QueryLanguage")) or self.language
        catchers = tuple(self.handlers(body, "Catch", language))
        retriers = tuple(self.handlers(body, "Retry", language))
        covered = around.handled or bool(catchers) or _present(body, "Catch") or _tolerates(body)
        repeated = entry.key or "" if _present(body, "Retry") else around.repeated
        inside = tuple(
            self.graph(each, Around(covered, repeated, around.ended or beside)) for each, beside in _graphs(body)
        )
        jumps = [*self.own_jumps(body), *(each.jump for each in catchers if each.jump is not None)]
        state = State(
            entry.key or "",
            self.file.loc(inner(entry.name)),
            self.file.loc(entry.span),
            kind if kind in _KINDS else "",
            tuple(jumps),
            retriers,
            catchers,
            self.seconds(body, "TimeoutSeconds"),
            self.seconds(body, "HeartbeatSeconds"),
            covered,
            _ends(body, kind),
            kind == "Task",
        )
        return Read(state, body, entry, resource, inside, around, self.file)

    # --- jumps -----------------------------------------------------------------------------------

    def own_jumps(self, body: Mapping) -> Iterator[Jump]:
        """Next and Default, and the Next of every choice, however deep (nested choices name none, but may)."""
        for key in ("Next", "Default"):
            entry = body.entry(key)
            if entry is not None:
                yield from self._jump(key, entry.value, body)
        for choice in items(body.get("Choices")):
            if isinstance(choice, Mapping):
                entry = choice.entry("Next")
                if entry is not None:
                    yield from self._jump("Next", entry.value, choice)

    def _jump(self, key: str, value: Node, around: Mapping) -> Iterator[Jump]:
        jump = self.jump(key, value, around)
        if jump is not None:
            yield jump

    def jump(self, key: str, value: Node, around: Mapping) -> Jump | None:
        """A name as the target of a jump."""
        node = resolved(value)
        if not isinstance(node, Scalar):
            return None
        sure = not (node.template or node.tag or _HOLE.search(node.text))
        return Jump(key, node.text, self.file.loc(inner(value)), sure)

    # --- errors ----------------------------------------------------------------------------------

    def handlers(self, body: Mapping, key: str, language: str) -> Iterator[Handler]:
        """The entries of Retry or Catch."""
        node = body.get(key)
        entries = items(node)
        if not isinstance(node, Sequence):
            return
        for position, each in enumerate(entries):
            if not isinstance(each, Mapping):
                continue
            errors = each.get("ErrorEquals")
            names = tuple(scalar(name) or "" for name in items(errors))
            following = each.entry("Next") if key == "Catch" else None
            yield Handler(
                names,
                self.loc(errors if errors is not None else each),
                self.loc(each),
                self.loc(node),
                position,
                len(entries),
                jump=self.jump("Next", following.value, each) if following is not None else None,
                attempts=_attempts(each) if key == "Retry" else Unknown("it does not repeat"),
                jitter=_present(each, "JitterStrategy") or not self._pauses(each),
                keeps_input=language != "JSONPath" or _present(each, "ResultPath"),
            )

    @staticmethod
    def _pauses(retrier: Mapping) -> bool:
        """Whether the pauses of a retrier grow: where they do not, everybody waits equally long in any case."""
        return mapping(retrier) is not None and scalar(retrier.get("MaxAttempts")) != "0"

    def seconds(self, body: Mapping, key: str) -> Value[int]:
        """A number of seconds; one that is computed is set, though nobody knows to what."""
        entry = body.entry(key)
        if entry is None:
            path = body.entry(f"{key}Path")
            return Absent(_NO_DEFAULT) if path is None else Unknown(f"{key}Path takes it from the input")
        node = resolved(entry.value)
        value = node.value if isinstance(node, Scalar) else None
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            return Unknown(f"{key} is computed")
        return Known(int(value), self.loc(node))

    def loc(self, node: Node) -> Loc:
        """A node's place."""
        return self.file.loc(node.span)


def _graphs(body: Mapping) -> Iterator[tuple[Mapping, bool]]:
    """What a Map or Parallel holds with StartAt and States, and whether a branch beside it ends all of them."""
    for key in ("ItemProcessor", "Iterator"):
        node = mapping(body.get(key))
        if node is not None and is_machine(node):
            yield node, False
            return
    branches = [each for each in items(body.get("Branches")) if isinstance(each, Mapping) and is_machine(each)]
    clocks = [branch for branch in branches if _is_clock(branch)]
    for branch in branches:
        yield branch, any(clock is not branch for clock in clocks)


def _is_clock(branch: Mapping) -> bool:
    """Whether a branch waits for some time and fails then: a branch that fails ends all others."""
    states = mapping(branch.get("States"))
    kinds = {scalar(body.get("Type")) for _, each in states.pairs() if (body := mapping(each))} if states else set()
    return {"Wait", "Fail"} <= kinds and "Task" not in kinds


def _present(node: Mapping, key: str) -> bool:
    return node.entry(key) is not None


def _ends(body: Mapping, kind: str) -> bool:
    """Choices, successes and failures need not say it, and what is put in from elsewhere may."""
    if kind not in ("Task", "Pass", "Wait", "Parallel", "Map"):
        return True
    return any(entry.key is None or entry.key in ("Next", "End", "<<") or "::" in entry.key for entry in body.entries)


def _tolerates(body: Mapping) -> bool:
    """Whether a Map goes on though some of its items fail."""
    return any(
        _present(body, f"ToleratedFailure{each}") for each in ("Percentage", "PercentagePath", "Count", "CountPath")
    )


def _attempts(retrier: Mapping) -> Value[int]:
    entry = retrier.entry("MaxAttempts")
    if entry is None:
        return Absent(Known(3))  # the specification's default
    node = resolved(entry.value)
    value = node.value if isinstance(node, Scalar) else None
    return Known(value) if isinstance(value, int) and not isinstance(value, bool) else Unknown("it is computed")
