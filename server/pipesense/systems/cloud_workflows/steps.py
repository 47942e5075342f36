"""From a workflow's nodes to its steps: in which order they run, what they call, and what repeats or handles them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Final

from pipesense.lang.documents.file import DocumentFile
from pipesense.lang.yaml.nodes import Entry, Mapping, Node, Scalar, Sequence, items, mapping, resolved, scalar
from pipesense.lang.yaml.read import walk
from pipesense.model.failures import SwallowedFailure
from pipesense.model.states import Jump, StepCall, StepRetry
from pipesense.model.where import Loc
from pipesense.systems.cloud_workflows.calls import Call, call_of
from pipesense.text.regex import regex
from pipesense.text.span import Span

_KEYS: Final = frozenset(
    (
        *("call", "args", "result", "assign", "switch", "next", "return", "raise", "try", "retry", "except"),
        *("for", "parallel", "steps", "in", "value", "range"),
    )
)
_REACTS: Final = frozenset(("raise", "return", "next", "assign", "switch", "for", "parallel", "try"))
"""Keys of steps in an except block that do something about the failure, or may."""
_ENDS: Final = frozenset(("end", "break", "continue"))
_POLICY: Final = regex(r"\$\{\s*(?P<name>[\w.]+)\s*\}")
_WORD: Final = regex(r"[A-Za-z_]\w*")
_NEEDED: Final = ("predicate", "max_retries", "backoff")
_DEPTH: Final = 60
_MOST: Final = 10_000
"""Steps of one part; aliases of aliases can make any number of them."""


@dataclass(frozen=True, slots=True)
class Around:
    """What stands around a step. ``repeated``: by a retry; ``back``: a failure leads back to it by hand."""

    repeated: Node | None = None
    back: bool = False
    handled: bool = False


@dataclass(slots=True)
class Step:
    """One step as it was read."""

    part: str
    name: str
    entry: Entry
    body: Mapping
    calling: Mapping
    """The mapping with the call: the body, or what stands in its try."""
    around: Around
    call: Call | None = None
    jumps: list[Jump] = field(default_factory=list)
    goes_on: bool = True
    """The step behind it may come next."""

    @property
    def is_wrapped(self) -> bool:
        """Whether the call stands directly in the step's own try."""
        return self.calling is not self.body


@dataclass(slots=True)
class Part:
    """A workflow's main part or a subworkflow. ``edges`` are of step to step."""

    name: str
    place: Span
    node: Node
    steps: list[Step] = field(default_factory=list)
    edges: set[tuple[str, str]] = field(default_factory=set)


@dataclass(slots=True)
class StepReader:
    """Reads one file."""

    file: DocumentFile
    parts: list[Part] = field(default_factory=list)
    retries: list[StepRetry] = field(default_factory=list)
    swallowed: list[SwallowedFailure] = field(default_factory=list)
    sets: dict[Loc, frozenset[str]] = field(default_factory=dict)
    """The variables that a try sets, by the place of its except."""

    def read(self) -> bool:
        """Everything; False where this is no workflow."""
        for root in self.file.roots[:1]:
            if isinstance(root, Sequence):
                if not is_steps(root):
                    return False
                place = _first_name(root)
                part = Part("main", place, root)
                self.parts.append(part)
                self.block(part, root, Around(), 0)
            elif isinstance(root, Mapping):
                for entry in root.entries:
                    body = mapping(entry.value)
                    steps = body.get("steps") if body is not None else resolved(entry.value)
                    if entry.key is not None and isinstance(steps, Sequence) and is_steps(steps):
                        part = Part(entry.key, entry.name.span, steps)
                        self.parts.append(part)
                        self.block(part, steps, Around(), 0)
            self._asked_later(root)
        return bool(self.parts)

    def _asked_later(self, root: Node) -> None:
        """What a failed step did not set is often asked for afterwards: then somebody does something about it."""
        asked = " ".join(
            entry.value.text
            for node in walk(root)
            if isinstance(node, Mapping)
            for entry in node.entries
            if entry.key == "condition" and isinstance(entry.value, Scalar)
        )
        words = frozenset(_WORD.findall(asked))
        self.swallowed = [failure for failure in self.swallowed if not self.sets[failure.loc] & words]

    def block(self, part: Part, steps: Node | None, around: Around, depth: int) -> tuple[list[str], list[str]]:
        """The steps of a list; the names of the first one, and of those behind which the list ends."""
        if not isinstance(steps, Sequence) or depth > _DEPTH or len(part.steps) > _MOST:
            return [], []
        first: list[str] = []
        open_ends: list[str] = []
        for position, each in enumerate(steps.items):
            node = mapping(each)
            for entry in node.entries if node is not None else ():
                body = mapping(entry.value)
                if entry.key is None or body is None:
                    continue
                begins = self.step(part, entry, body, around, depth)
                part.edges.update((before, entry.key) for before in open_ends)
                if not position:
                    first = [entry.key]
                open_ends = begins
        return first, open_ends

    def step(self, part: Part, entry: Entry, body: Mapping, around: Around, depth: int) -> list[str]:
        """One step; the names of those behind which the next one comes."""
        name = entry.key or ""
        step = Step(part.name, name, entry, body, body, around)
        part.steps.append(step)
        inner = around
        tried = mapping(body.get("try"))
        if tried is not None:
            retry = body.entry("retry")
            handler = mapping(body.get("except"))
            if retry is not None:
                inner = replace(inner, repeated=retry.value)
            elif handler is not None and self._leads_back(part, handler, name):
                inner = replace(inner, back=True)
            inner = replace(inner, handled=inner.handled or handler is not None)
            step.around = inner
            if tried.entry("call") is not None:
                step.calling = tried
            if handler is not None:
                self._handled(body, handler, name)
        step.call = call_of(step.calling)
        self._jump(step, body)
        ends = self._inside(part, step, body, tried, inner, depth)
        if tried is not None and (retry := body.entry("retry")) is not None:
            self._retry(retry, tried, part)
        if body.entry("return") is not None or body.entry("raise") is not None or body.entry("next") is not None:
            step.goes_on = False
        part.edges.update((name, jump.name) for jump in step.jumps)
        return [*([name] if step.goes_on else []), *ends]

    def _inside(
        self, part: Part, step: Step, body: Mapping, tried: Mapping | None, inner: Around, depth: int
    ) -> list[str]:
        """Steps inside a step."""
        loop, parallel = mapping(body.get("for")), mapping(body.get("parallel"))
        both = mapping(parallel.get("for")) if parallel is not None else None
        lists: list[tuple[Node | None, Around]] = [
            (body.get("steps"), step.around),
            (loop.get("steps") if loop is not None else None, step.around),
            (both.get("steps") if both is not None else None, step.around),
            (tried.get("steps") if tried is not None else None, inner),
        ]
        branches = parallel.get("branches") if parallel is not None else None
        for branch in items(branches):
            for entry in branch.entries if isinstance(branch, Mapping) else ():
                held = mapping(entry.value)
                lists.append((held.get("steps") if held is not None else entry.value, step.around))
        handler = mapping(body.get("except"))
        outer = replace(step.around, repeated=None, back=False)
        lists.append((handler.get("steps") if handler is not None else None, outer))
        for choice in items(body.get("switch")):
            if isinstance(choice, Mapping):
                self._jump(step, choice)
                lists.append((choice.get("steps"), step.around))
        ends: list[str] = []
        for steps, around in lists:
            first, last = self.block(part, steps, around, depth + 1)
            part.edges.update((step.name, name) for name in first)
            ends += last
        return ends

    def _jump(self, step: Step, body: Mapping) -> None:
        entry = body.own("next")
        node = resolved(entry.value) if entry is not None else None
        if entry is None or not isinstance(node, Scalar) or node.text in _ENDS:
            return
        sure = not node.template and "${" not in node.text
        step.jumps.append(Jump("next", node.text, self.file.loc(inside(entry.value)), sure))

    def _leads_back(self, part: Part, handler: Mapping, name: str) -> bool:
        """Whether some way of an except block goes to its own step or to one before it."""
        before = {step.name for step in part.steps}
        return any(target in before or target == name for target in _targets(handler))

    def _handled(self, body: Mapping, handler: Mapping, name: str) -> None:
        """An except block that does nothing but log: neither does the run end nor go elsewhere, nor is a value set."""
        calls = [
            entry.value.text
            for node in walk(handler)
            if isinstance(node, Mapping)
            for entry in node.entries
            if entry.key == "call" and isinstance(entry.value, Scalar)
        ]
        keys = {key for node in walk(handler) if isinstance(node, Mapping) for key in node.keys()}  # noqa: SIM118
        kept = body.own("except")
        if keys & _REACTS or any(not call.startswith("sys.log") for call in calls) or kept is None:
            return
        if isinstance(kept.value, Mapping) and handler.own("steps") is not None:
            error = scalar(handler.get("as")) or ""
            place = self.file.loc(inside(kept.name))
            self.sets[place] = frozenset(_variables(body))
            self.swallowed.append(SwallowedFailure("cloud_workflows", place, "step", name, bool(calls), error))

    # --- retries ---------------------------------------------------------------------------------

    def _retry(self, retry: Entry, tried: Mapping, part: Part) -> None:
        node = resolved(retry.value)
        policy = ""
        missing: tuple[str, ...] = ()
        if isinstance(node, Scalar):
            found = _POLICY.fullmatch(node.text.strip())
            policy = found["name"] if found is not None else node.text
        elif isinstance(node, Mapping) and all(entry.key not in (None, "<<") for entry in node.entries):
            missing = tuple(key for key in _NEEDED if node.entry(key) is None)
            predicate = scalar(node.get("predicate")) or ""
            found = _POLICY.fullmatch(predicate.strip())
            policy = found["name"] if found is not None else ""
        inner = tried.span
        calls = tuple(
            StepCall(step.call.name, self.file.loc(inside(step.call.node)), step.name, _harmless(step.call))
            for step in part.steps
            if step.call is not None
            and step.call.is_request
            and step.around.repeated is retry.value
            and inner.start <= step.call.node.span.start < inner.end
        )
        place = node if isinstance(node, Scalar) else retry.name
        self.retries.append(StepRetry(self.file.loc(inside(place)), policy, missing, calls, isinstance(node, Mapping)))


def _variables(body: Mapping) -> Iterator[str]:
    """The names that steps in the try of a body give values to."""
    tried = body.get("try")
    for node in walk(tried) if tried is not None else ():
        for entry in node.entries if isinstance(node, Mapping) else ():
            if entry.key == "result" and isinstance(entry.value, Scalar):
                yield entry.value.text
            elif entry.key == "assign":
                for item in items(entry.value):
                    yield from item.keys() if isinstance(item, Mapping) else ()


def _harmless(call: Call) -> bool:
    """Whether it does not matter that a request arrives twice, or nobody can tell."""
    return call.is_repeatable or call.keyed or not call.verb


def _targets(node: Node) -> Iterator[str]:
    """Every ``next`` below a node."""
    waiting: list[Node] = [node]
    while waiting:
        each = waiting.pop()
        if isinstance(each, Mapping):
            for entry in each.entries:
                if entry.key == "next" and isinstance(entry.value, Scalar):
                    yield entry.value.text
                waiting.append(entry.value)
        elif isinstance(each, Sequence):
            waiting += each.items


def is_steps(node: Sequence) -> bool:
    """Whether a list is one of steps: each item one name, with keys below it that steps have."""
    found = False
    for item in node.items:
        body = mapping(item)
        if body is None or len(body.entries) != 1:
            return False
        step = mapping(body.entries[0].value)
        if step is not None:
            keys = set(step.keys())
            if not keys & _KEYS:
                return False
            found = True
    return found


def _first_name(node: Sequence) -> Span:
    body = mapping(node.items[0]) if node.items else None
    return body.entries[0].name.span if body is not None and body.entries else node.span


def inside(node: Node) -> Span:
    """A scalar's characters without its quotes."""
    if isinstance(node, Scalar) and node.style in ("'", '"') and node.span.end - node.span.start > 1:
        return Span(node.span.start + 1, node.span.end - 1)
    return node.span
