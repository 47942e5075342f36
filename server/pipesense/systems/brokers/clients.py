"""Which client of a broker an expression is, by the tables of its system."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from pipesense.lang.python.instances import Instances
from pipesense.lang.python.module import Module
from pipesense.model.value import Known, Version
from pipesense.model.where import Loc
from pipesense.systems.brokers.table import BrokerTable, ClientClass


@dataclass(frozen=True, slots=True)
class Found:
    """A client class that an expression is an object of, and the call that made it where there is one."""

    made: ClientClass
    call: ast.Call | None


class Looking:
    """Reads one top-level statement."""

    def __init__(self, table: BrokerTable, module: Module, version: Version) -> None:
        self.table = table
        self.module = module
        self.version = version
        self.instances = Instances(module)
        self.by_name: dict[str, list[ClientClass]] = {}
        for made in table.clients:
            for name in made.names:
                self.by_name.setdefault(name, []).append(made)
        self.last_names = frozenset(name.rpartition(".")[2] for name in self.by_name)
        self.settling = frozenset(name for made in table.clients for sends in made.sends for name in sends.settles)
        self.methods = frozenset(method for made in table.clients for method in _methods(made))

    def may_make(self, call: ast.Call) -> bool:
        """A cheap test whether a call may make a client."""
        func = call.func
        return func.attr in self.last_names if isinstance(func, ast.Attribute) else isinstance(func, ast.Name)

    def made_by(self, call: ast.Call) -> ClientClass | None:
        """The client class whose object a call makes."""
        return self._class(self.instances.names(call.func), call)

    def _class(self, names: Iterable[str], call: ast.Call | None) -> ClientClass | None:
        """None also where it may be one of several."""
        found: list[ClientClass] = []
        for name in names:
            for made in self.by_name.get(name, ()):
                fits = not made.argument or (call is not None and _first_argument(self.module, call) == made.argument)
                if fits and made not in found:
                    found.append(made)
        return found[0] if len(found) == 1 else None

    def client(self, expr: ast.expr) -> Found | None:
        """The client that an expression is."""
        names = [name[:-2] for name in self.instances.names(expr) if name.endswith("()")]
        if not any(name in self.by_name for name in names):
            return None
        call = self.instances.made_by(expr)
        made = self._class(names, call)
        return Found(made, call) if made is not None else None

    def receiver(self, call: ast.Call) -> Found | None:
        """The client whose method a call is."""
        if not isinstance(call.func, ast.Attribute) or call.func.attr not in self.methods:
            return None
        return self.client(call.func.value)

    def origin(self, found: Found) -> Loc | None:
        """Where the client is made, if in this file."""
        return self.module.loc(found.call) if found.call is not None else None


def _methods(made: ClientClass) -> Iterator[str]:
    for names in (made.receives, made.subscribes, made.done, made.again, made.close):
        yield from names
    yield from (each.method for each in made.listeners if each.method)
    for sends in made.sends:
        yield from sends.methods
        yield from sends.settles


def _first_argument(module: Module, call: ast.Call) -> object:
    given = call.args[0] if call.args else None
    given = given or next((word.value for word in call.keywords if word.arg == "service_name"), None)
    value = module.value(given) if given is not None else None
    return value.value if isinstance(value, Known) else None
