"""Functions that change several services one after the other, and whether something undoes the first changes.

Told from the calls alone: a receiver that is named like a service, and a method that commits to something. Names are
evidence only, so nothing louder than advice comes of them.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import partial
from typing import Final

from pipesense.lang.python.index import FUNCTIONS
from pipesense.lang.python.module import Module
from pipesense.lang.python.nodes import nodes_under
from pipesense.model.code import PatternSite
from pipesense.model.position import OpenSaga
from pipesense.model.where import Loc
from pipesense.systems.system import Lifted
from pipesense.text.regex import regex
from pipesense.text.span import Span

_COMMITS: Final = regex(
    r"^(?:reserve|book|charge|debit|credit|capture|withdraw|deposit|ship|redeem|allocate|provision|enroll|subscribe)(?:_|$)"
)
_SIGNS: Final = regex(
    r"\.\s*(?:reserve|book|charge|debit|credit|capture|withdraw|deposit|ship|redeem|allocate|provision|enroll|subscribe)"
)
"""A statement without such a call has no steps, and its tree need not be looked at."""
_UNDOES: Final = regex(
    r"cancel|refund|release|revert|undo|roll_?back|compensat|void|restore|unreserve|reverse|abort|deprovision|unsubscribe",
    re.I,
)
_SERVICE: Final = regex(
    r"(?:^|_)(?:service|client|api|gateway|svc|payments?|inventory|stock|shipping|shipments?|billing|flights?|hotels?"
    r"|rooms?|bank|ledger|wallet|logistics|fulfil?ment|carrier)$"
)
_TRANSACTION: Final = frozenset({"atomic", "begin", "transaction", "begin_nested"})


def lift(module: Module) -> Lifted:
    """The sagas of a file: those without a way back as facts, the others as places worth a hover."""
    looks = module.memo_each("sagas", module.body, partial(_look, module))
    return Lifted(
        facts=tuple(fact for facts, _ in looks for fact in facts),
        sites=tuple(site for _, sites in looks for site in sites),
    )


def _look(module: Module, statement: ast.stmt) -> tuple[tuple[OpenSaga, ...], tuple[PatternSite, ...]]:
    facts: list[OpenSaga] = []
    sites: list[PatternSite] = []
    words = None
    if not any(_SIGNS.search(unit.text) for unit in module.units_of([statement])):
        return (), ()
    for node in nodes_under(statement):
        if not isinstance(node, FUNCTIONS):
            continue
        steps = list(_steps(module, node))
        later = next((each for each in steps[1:] if each[1] != steps[0][1]), None)
        if later is None:
            continue
        words = {word for word in map(_word, nodes_under(statement)) if word} if words is None else words
        if words & _TRANSACTION:
            continue
        back = sorted(word for word in words if _UNDOES.search(word))
        first, second = steps[0][0], later[0]
        if back:
            note = f"What {_said(module, first)} did is undone by {back[0]}() where a later step fails."
            sites.append(PatternSite("saga", _name(module, first), note))
        else:
            told = (_said(module, first), _said(module, second))
            facts.append(OpenSaga(_name(module, second), _name(module, first), node.name, *told))
    return tuple(facts), tuple(sites)


def _steps(module: Module, function: ast.AST) -> Iterator[tuple[ast.Call, str]]:
    """The calls of a function that commit to something, in order, each with the service that it asks."""
    found = [node for node in nodes_under(function) if isinstance(node, ast.Call)]
    for call in sorted(found, key=lambda each: module.loc(each).span.start):
        func = call.func
        if not isinstance(func, ast.Attribute) or not _COMMITS.match(func.attr):
            continue
        receiver = _word(func.value)
        if receiver and _SERVICE.search(receiver.lower()):
            yield call, receiver


def _word(node: ast.AST) -> str:
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


def _said(module: Module, call: ast.Call) -> str:
    return f"{' '.join(module.text_of(call.func).split())}()"


def _name(module: Module, call: ast.Call) -> Loc:
    end = module.loc(call.func).span.end
    name = call.func.attr if isinstance(call.func, ast.Attribute) else ""
    return module.loc(call.func).at(Span(end - len(name), end))
