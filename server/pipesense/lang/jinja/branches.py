"""The blocks of a template, and which of their branches one rendering shows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final, NamedTuple

from pipesense.lang.jinja.conditions import learn, normalised, truth
from pipesense.lang.jinja.tags import Tag
from pipesense.text.span import Span

BODIES: Final = frozenset({"macro", "test", "data_test", "materialization", "call", "docs"})
"""Blocks that define something for later: nothing of them is rendered where they stand."""
_CLOSED: Final = BODIES | {"if", "for", "set"}
_UNCLOSED: Final = "unclosed"
_RENDERINGS: Final = 4
"""How many renderings of one template are looked at, at most."""


class _Branch(NamedTuple):
    """A stretch between two tags of a block; ``condition`` is "" where there is none."""

    condition: str
    span: Span


@dataclass(slots=True)
class _Block:
    """A block; ``parent`` is the (block, branch) that holds it. ``start`` is where its newest branch starts."""

    word: str
    parent: tuple[int, int] | None
    condition: str
    start: int
    branches: list[_Branch]
    has_else: bool = False


class Rendering(NamedTuple):
    """``hidden``: the branches that it leaves out. ``fresh``: what no rendering before it shows.

    ``rounds`` are the loops of which it shows one round: what is in them, and the tag at their end.
    """

    hidden: tuple[Span, ...]
    fresh: tuple[Span, ...]
    rounds: tuple[tuple[Span, Span], ...]


class Branches:
    """All blocks of a template. ``unsure``: the tags do not nest, so what is shown is a guess."""

    def __init__(self, found: list[Tag], length: int) -> None:
        self._blocks: list[_Block] = []
        self._rounds: list[tuple[int, Span]] = []
        self.unsure = False
        self._read(found, length)

    def _read(self, found: list[Tag], length: int) -> None:
        open_: list[int] = []
        for tag in found:
            if tag.kind != "statement":
                continue
            word, top = tag.word, self._blocks[open_[-1]] if open_ else None
            if word in ("if", "for") or word in BODIES or (word == "set" and "=" not in tag.inner):
                parent = (open_[-1], len(top.branches)) if top is not None else None
                condition = normalised(tag.inner[2:]) if word == "if" else ""
                open_.append(len(self._blocks))
                self._blocks.append(_Block(word, parent, condition, tag.end, []))
            elif word in ("elif", "else") and top is not None and top.word in ("if", "for"):
                top.branches.append(_Branch(top.condition, Span(top.start, tag.start)))
                top.condition = normalised(tag.inner[4:]) if word == "elif" else ""
                top.has_else = top.has_else or word == "else"
                top.start = tag.end
            elif word.startswith("end") and word[3:] in _CLOSED:
                if top is None or top.word != word[3:]:
                    self.unsure = True
                    continue
                top.branches.append(_Branch(top.condition, Span(top.start, tag.start)))
                if word == "endfor":
                    self._rounds.append((open_[-1], Span(tag.start, tag.end)))
                open_.pop()
        for at in open_:
            # Half-typed: the body of an unclosed block is kept, but nobody knows whether it belongs there.
            block = self._blocks[at]
            self.unsure = True
            block.branches.append(_Branch(block.condition, Span(block.start, max(block.start, length))))
            block.word = block.word if block.word in BODIES else _UNCLOSED

    def renderings(self, given: Mapping[str, bool]) -> Iterator[Rendering]:
        """Renderings that together show as many branches as a few can, the likeliest first.

        In each of them the same condition means the same throughout. ``given`` holds for the first one.
        """
        unseen = {
            (at, number)
            for at, block in enumerate(self._blocks)
            if block.word == "if"
            for number, branch in enumerate(block.branches)
            if truth(branch.condition, {}) is not False
        }
        for count in range(_RENDERINGS):
            if count and not unseen:
                return
            target = min(unseen) if count else None
            shown = self._shown(
                self._needed(target) if target else dict(given), self._wanted(unseen) if count else set()
            )
            fresh = sorted(unseen & shown)
            unseen -= shown
            unseen.discard(target or (-1, -1))
            if count and not fresh:
                continue
            yield Rendering(
                tuple(
                    branch.span
                    for at, block in enumerate(self._blocks)
                    for number, branch in enumerate(block.branches)
                    if (at, number) not in shown and (block.parent is None or block.parent in shown)
                ),
                tuple(self._blocks[at].branches[number].span for at, number in fresh) if count else (),
                tuple((self._blocks[at].branches[0].span, tag) for at, tag in self._rounds if (at, 0) in shown),
            )

    def _needed(self, target: tuple[int, int]) -> dict[str, bool]:
        """What must hold for a branch to be shown."""
        known: dict[str, bool] = {}
        at: tuple[int, int] | None = target
        while at is not None:
            block, number = self._blocks[at[0]], at[1]
            if block.word == "if":
                for earlier, branch in enumerate(block.branches[: number + 1]):
                    if branch.condition:
                        learn(branch.condition, earlier == number, known)
            at = block.parent
        return known

    def _wanted(self, unseen: set[tuple[int, int]]) -> set[tuple[int, int]]:
        """The branches not shown yet, and those that hold one."""
        found = set(unseen)
        for at, _ in unseen:
            parent = self._blocks[at].parent
            while parent is not None and parent not in found:
                found.add(parent)
                parent = self._blocks[parent[0]].parent
        return found

    def _shown(self, known: dict[str, bool], wanted: set[tuple[int, int]]) -> set[tuple[int, int]]:
        shown: set[tuple[int, int]] = set()
        for at, block in enumerate(self._blocks):
            if block.parent is not None and block.parent not in shown:
                continue
            if block.word == "for":
                shown.add((at, 0))
            elif block.word == _UNCLOSED:
                shown.update((at, number) for number in range(len(block.branches)))
            elif block.word == "if":
                number = _choice(at, block, known, wanted)
                for earlier in range(len(block.branches) if number < 0 else number):
                    if block.branches[earlier].condition:
                        learn(block.branches[earlier].condition, False, known)
                if number >= 0:
                    shown.add((at, number))
                    if block.branches[number].condition:
                        learn(block.branches[number].condition, True, known)
        return shown


def _choice(at: int, block: _Block, known: dict[str, bool], wanted: set[tuple[int, int]]) -> int:
    """The branch of an ``if`` that is shown: the first wanted one that may be, else the first that may be; -1: none."""
    possible: list[int] = []
    for number, branch in enumerate(block.branches):
        value = truth(branch.condition, known) if branch.condition else True
        if value is not False:
            possible.append(number)
        if value:
            break
    return next((number for number in possible if (at, number) in wanted), possible[0] if possible else -1)
