"""Several services are changed one after the other, and nothing undoes the first where the second fails."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from pipesense.model.position import OpenSaga
from pipesense.model.states import State, StateGraph, StateMachine
from pipesense.model.where import Loc
from pipesense.rule.context import Context
from pipesense.rule.finding import Finding, Related
from pipesense.rule.meta import FileRole, Message, RuleMeta, Severity
from pipesense.rule.rule import rule
from pipesense.text.regex import regex
from pipesense_rules.states import reached, sure, ways

META = RuleMeta(
    id="reliability/saga-without-compensation",
    wants=(StateMachine, OpenSaga),
    pattern="saga",
    since="0.1",
    roles=frozenset({FileRole.PIPELINE, FileRole.AD_HOC}),
    messages={
        "left": Message(
            Severity.INFO,
            "{noun} {name}: where {later} fails for good, nothing undoes {first}.",
            "No transaction spans both. What the first one did stays: stock that nobody buys, money for nothing.",
            "Give each {word} that commits one that takes it back, and lead the failures of later ones there.",
        ),
        "left-in-code": Message(
            Severity.INFO,
            "{name}: where {later} fails for good, nothing undoes {first}.",
            "No transaction spans both services. What the first one did stays: stock that nobody buys, money for "
            "nothing.",
            "Undo what was done when a later step raises, and keep on a durable path how far it came.",
        ),
    },
)

_COMMITS: Final = regex(
    r"^(?:reserve|book|charge|debit|credit|pay|capture|withdraw|deposit|transfer|ship|purchase|redeem|allocate"
    r"|provision|enroll|subscribe|(?:process|make|take|collect)(?=payment))"
)
_UNDOES: Final = regex(
    r"cancel|refund|release|revert|undo|roll.?back|compensat|void|return|restore|unreserve|reverse|abort|clean.?up"
    r"|deprovision|unsubscribe|delete|remove"
)
_TELLS: Final = regex(r"(?:^|:)(?:sns:publish|sqs:sendMessage|ses|sesv2|events:putEvents)")


@rule(META)
def saga_without_compensation(machine: StateMachine | OpenSaga, ctx: Context) -> Iterator[Finding]:
    """One finding per machine or function, at the second step that commits."""
    if isinstance(machine, OpenSaga):
        saga = machine
        stays = [Related(saga.first_loc, "what it did stays")]
        words = {"name": saga.function, "first": saga.first, "later": saga.later}
        yield ctx.finding("left-in-code", at=saga.loc, related=stays, subject=None, **words)
        return
    if any(_UNDOES.search(_plain(state.name)) for graph in machine.graphs for state in graph.states):
        return
    kinds = {task.loc: task.kind for task in machine.pipeline.tasks}
    for graph in sure(machine):
        pair = _pair(graph)
        if pair is not None and _only_tells(graph, kinds):
            first, later = pair
            pipeline = machine.pipeline
            yield ctx.finding(
                "left",
                at=later.loc,
                related=[Related(first.loc, "what it did stays")],
                noun=pipeline.noun,
                name=pipeline.name,
                first=first.name,
                later=later.name,
                word=machine.word,
            )
            return


def _plain(name: str) -> str:
    """A name's letters alone: ``Charge credit card`` and ``charge_credit-card`` are one."""
    return re.sub(r"[^a-z]", "", name.lower())


def _pair(graph: StateGraph) -> tuple[State, State] | None:
    """Two steps that commit to something else each, one behind the other on the way of success."""
    usual = reached(graph, through_failures=False)
    committing = [
        state for state in graph.states if state.works and state.name in usual and _COMMITS.match(_plain(state.name))
    ]
    following = ways(graph, through_failures=False)
    for first in committing:
        behind = _behind(following, first.name)
        for later in committing:
            if later is not first and later.name in behind and first.name not in _behind(following, later.name):
                return first, later
    return None


def _behind(following: dict[str, tuple[str, ...]], name: str) -> frozenset[str]:
    waiting, seen = list(following.get(name, ())), set[str]()
    while waiting:
        each = waiting.pop()
        if each not in seen:
            seen.add(each)
            waiting += following.get(each, ())
    return frozenset(seen)


def _only_tells(graph: StateGraph, kinds: dict[Loc, str]) -> bool:
    """Whether everything that only failures lead to ends the run or tells somebody."""
    usual = reached(graph, through_failures=False)
    failing = [state for state in graph.states if state.name in reached(graph) - usual]
    return all(not state.works or _TELLS.search(kinds.get(state.loc, "")) for state in failing)
