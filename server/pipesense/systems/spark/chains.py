"""A read or write of Spark is a chain of calls; here it is put together again from its operations."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from pipesense.model.frames import FrameOperation, FrameScope, Given
from pipesense.model.value import Known
from pipesense.model.where import Loc


@dataclass(slots=True)
class Chain:
    """What a reader or writer was told before its last call: by method name, and its options (keys in lower case)."""

    last: FrameOperation
    told: dict[str, FrameOperation] = field(default_factory=dict)
    options: dict[str, Given] = field(default_factory=dict)
    known: bool = True
    """Whether every call of the chain is seen, and every key of its options."""

    def text(self, name: str, position: int = 0) -> str | None:
        """The constant text that a call of the chain was given."""
        operation = self.told.get(name)
        given = operation.given[position] if operation is not None and position < len(operation.given) else None
        return constant_text(given)

    def option(self, key: str) -> str | None:
        """The constant value of an option, "" where it is set to something unknown, None where it is not set."""
        given = self.options.get(key.lower())
        if given is None:
            return None
        return str(given.value.value) if isinstance(given.value, Known) else ""


def chain_of(last: FrameOperation, places: Mapping[Loc, FrameOperation]) -> Chain:
    """The chain that ends with an operation, as far as its own kind goes."""
    found = Chain(last)
    _options(found, last)
    at = last
    while len(at.made) == 1 and (before := places.get(at.made[0])) is not None and before.result == last.kind:
        found.told.setdefault(before.name, before)
        _options(found, before)
        at = before
    if at.made and (len(at.made) > 1 or at.made[0] not in places) and not _begins_here(at):
        found.known = False
    return found


def _begins_here(first: FrameOperation) -> bool:
    """Whether a chain begins with ``frame.write``: wherever the frame comes from, nothing was told to it before."""
    if first.kind not in ("writer", "stream writer") or not first.root or first.root in ("self", "cls"):
        return False
    return first.receiver.span.end - first.receiver.span.start > len(first.root)


def _options(chain: Chain, operation: FrameOperation) -> None:
    if operation.open:
        chain.known = False
    if operation.name == "option" and operation.given:
        key = constant_text(operation.given[0])
        if key is None:
            chain.known = False
        elif len(operation.given) > 1:
            chain.options.setdefault(key.lower(), operation.given[1])
        return
    for given in operation.given:
        if given.name not in ("", "*", "**"):
            chain.options.setdefault(given.name.lower(), given)


def constant_text(given: Given | None) -> str | None:
    """The text that an argument is, where it is a constant."""
    value = given.value.value if given is not None and isinstance(given.value, Known) else None
    return value if isinstance(value, str) else None


def by_place(scope: FrameScope) -> dict[Loc, FrameOperation]:
    """The operations by their place."""
    return {each.loc: each for each in scope.operations}
