"""What a callable of a DAG file is: a DAG, an operator, a decorator, a helper of the workspace."""

from __future__ import annotations

import ast
import builtins
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from pipesense.lang.python.frames import Arguments, Frame
from pipesense.lang.python.functions import Class, locate_class
from pipesense.lang.python.module import Function, FunctionNode, Module, Scope
from pipesense.lang.python.nodes import nodes_under
from pipesense.lang.python.syntax import parsed_of
from pipesense.lang.python.wrappers import applied
from pipesense.systems.airflow import tables
from pipesense.systems.airflow.tables.facts import MovedName, OperatorFacts

_BUILDS: Final = ("Operator", "Sensor", "TaskGroup", "DAG", "Dag")
_BUILDING_KEYWORDS: Final = frozenset({"task_id", "dag", "task_group", "python_callable"})
_MAX_DEPTH: Final = 4
_MAX_BASES: Final = 8
RUN: Final = ("execute", "poke")
"""The methods in which an operator or sensor does its work."""
_INHERITED: Final = {
    "operator": "operator",
    "operator_base": "operator",
    "sensor_base": "operator",
    "branch_base": "operator",
    "dag": "dag_wrapper",
    "dag_wrapper": "dag_wrapper",
    "task_group": "group_wrapper",
    "group_wrapper": "group_wrapper",
}
"""What a class of the workspace is when its base is such a thing."""
_BUILTINS: Final = frozenset(name for name in dir(builtins) if name[0].islower())


@dataclass(frozen=True, slots=True)
class Construct:
    """``role`` is one of the tables' construct names, or "operator", "dag_wrapper", "group_wrapper", "" for none.

    ``flavour`` is what follows ``task.`` in a decorator ("branch"). ``qualified`` is "" where it is unknown.
    ``classes`` are the workspace's own classes that it is made of, the class itself first; ``facts`` are then those of
    the nearest class that the tables know.
    """

    role: str
    qualified: str = ""
    flavour: str = ""
    facts: OperatorFacts | None = None
    classes: tuple[Class, ...] = ()

    def method(self, name: str) -> Function | None:
        """A method as the workspace's classes define it."""
        return next((found for each in self.classes if (found := each.method(name)) is not None), None)

    @property
    def name(self) -> str:
        """The last part of the qualified name."""
        return self.qualified.rpartition(".")[2]


NOTHING: Final = Construct("")


def _holds_no_nodes(construct: Construct) -> bool:
    return not construct.classes


def last_part(expr: ast.expr) -> str:
    """The last name of a dotted expression, "" for anything else."""
    if isinstance(expr, ast.Attribute):
        return expr.attr
    return expr.id if isinstance(expr, ast.Name) else ""


def dotted(expr: ast.expr) -> str:
    """A dotted expression as text, "" for anything else."""
    parts: list[str] = []
    while isinstance(expr, ast.Attribute):
        parts.append(expr.attr)
        expr = expr.value
    if not isinstance(expr, ast.Name):
        return ""
    return ".".join((expr.id, *reversed(parts)))


class Names:
    """Classifies callables; remembers what it found, so that one belongs to one computation."""

    def __init__(self, module: Module) -> None:
        self.module = module
        self._constructs: dict[tuple[str, Scope, object], Construct] = {}
        self._resolving: list[ast.ClassDef] = []
        self._builds: dict[ast.AST, bool] = {}
        self._class_words: dict[ast.AST, frozenset[str]] = {}
        self._wrapped: dict[ast.AST, Mark | None] = {}

    def mark_by_wrapper(self, node: FunctionNode, frame: Frame | None) -> Mark | None:
        """The task that decorators of the project make of a function."""
        if node not in self._wrapped:
            marks = (self._mark_by(each, frame or Frame(self.module)) for each in node.decorator_list)
            self._wrapped[node] = next(filter(None, marks), None)
        return self._wrapped[node]

    def _mark_by(self, decorator: ast.expr, frame: Frame) -> Mark | None:
        made = applied(decorator, frame, lambda expr: self.construct(expr).role == "task_decorator")
        if made is None:
            return None
        written = dotted(decorator.func if isinstance(decorator, ast.Call) else decorator)
        return Mark("task", f"@{written}", None, given=made.arguments)

    def construct(self, expr: ast.expr) -> Construct:
        """What a callable expression is for Airflow."""
        written = dotted(expr)
        if not written:
            return NOTHING
        if written in _BUILTINS:
            return Construct("", f"builtins.{written}")
        if not self.module.keeps:
            # It is remembered for the whole file there.
            return self.module.answer("airflow construct", expr, self._classify, NOTHING, anywhere=True)
        key = (written, self.module.scope_of(expr), parsed_of(expr).owner)
        found = self._constructs.get(key)
        if found is None:
            found = self.module.answer(
                "airflow construct", expr, self._classify, NOTHING, _holds_no_nodes, anywhere=True
            )
            self._constructs[key] = found
        return found

    def _of_class(self, qualified: str) -> Construct:
        """What a class of the workspace is, by its bases."""
        found = locate_class(self.module, qualified)
        if found is None or found.node in self._resolving or len(self._resolving) >= _MAX_BASES:
            return NOTHING
        self._resolving.append(found.node)
        try:
            bases = [self.construct(base) for base in found.node.bases]
        finally:
            self._resolving.pop()
        base = next((each for each in bases if each.role in _INHERITED), NOTHING)
        classes = (found, *(each for one in bases for each in one.classes))
        role = _INHERITED.get(base.role, "")
        return Construct(role, qualified, facts=_inherited(found, base), classes=classes) if role else NOTHING

    def _classify(self, module: Module, expr: ast.expr) -> Construct:
        names, written = module.qualified(expr), dotted(expr)
        for qualified in names:
            found = self.by_name(qualified)
            if found.role:
                return found
        last = written.rpartition(".")[2]
        full = names[0] if names else ""
        if len(names) == 1 and full.rpartition(".")[2][:1].isupper():
            found = self._of_class(full)
            if found.role:
                return found
        if last.endswith(("DAG", "Dag")) and last[0].isupper():
            return Construct("dag_wrapper", full)
        if last.endswith("TaskGroup") and last[0].isupper():
            return Construct("group_wrapper", full)
        if last.endswith(("Operator", "Sensor", "SensorAsync")) and last[0].isupper():
            same = tables.operators_named(last) if not names else ()
            return Construct("operator", full, facts=same[0] if len(same) == 1 else None)
        return Construct("", full)

    def by_name(self, qualified: str) -> Construct:
        """What a fully qualified name is for Airflow."""
        if not qualified.startswith("airflow."):
            return NOTHING
        # Providers that run on Airflow 2 and 3 take everything from here.
        qualified = qualified.replace("airflow.providers.common.compat.sdk.", "airflow.sdk.")
        role = tables.construct(qualified)
        if role is not None:
            return Construct(role, qualified)
        above, _, flavour = qualified.rpartition(".")
        if tables.construct(above) == "task_decorator":
            return Construct("task_decorator", above, flavour)
        if facts := operator_facts(qualified):
            return Construct("operator", qualified, facts=facts)
        return NOTHING

    def builds(self, function: Function, depth: int = 0) -> bool:
        """Whether a function of the workspace may make tasks, groups or DAGs."""
        found = self._builds.get(function.node)
        if found is None:
            self._builds[function.node] = False
            found = self._builds[function.node] = self._may_build(function, depth)
        return found

    def _may_build(self, function: Function, depth: int) -> bool:
        for node in _telling(function):
            if isinstance(node, ast.BinOp) and isinstance(node.op, ast.RShift | ast.LShift):
                return True
            if isinstance(node, ast.Call):
                if last_part(node.func).endswith(_BUILDS) or last_part(node.func) in ("partial", "override"):
                    return True
                if any(keyword.arg in _BUILDING_KEYWORDS for keyword in node.keywords):
                    return True
                if depth < _MAX_DEPTH and isinstance(node.func, ast.Name):
                    for callee in self.module.callables(node.func):
                        if mark_of(callee, self) or self.builds(callee, depth + 1):
                            return True
            elif (
                isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
                and node is not function.node
                and mark_of(Function(function.module, node, ""), self)
            ):
                return True
        return False

    def _defined(self, expr: ast.expr, construct: Construct) -> tuple[ast.AST, ...]:
        elsewhere = construct.qualified and not self.module.is_own(construct.qualified)
        return () if elsewhere else self.module.definition(expr)

    def class_words(self, expr: ast.expr, construct: Construct) -> frozenset[str]:
        """Argument names that classes of the workspace mention themselves, and that they may thus set."""
        # Of a class that is imported only the name is written here.
        own = [node for node in self._defined(expr, construct) if isinstance(node, ast.ClassDef)]
        words: set[str] = set()
        for node in dict.fromkeys((*own, *(each.node for each in construct.classes))):
            if node not in self._class_words:
                self._class_words[node] = frozenset(_words(node))
            words |= self._class_words[node]
        return frozenset(words)


def _telling(function: Function) -> Sequence[ast.AST]:
    """The nodes of a function that may make something: where its text joins nothing, its calls and definitions."""
    unit = parsed_of(function.node)
    if len(unit.body) != 1 or unit.body[0] is not function.node:
        return nodes_under(function.node)
    units = (unit, *function.module.tree.inside(unit))
    if any(">>" in each.text or "<<" in each.text for each in units):
        return nodes_under(function.node)
    calls = [site.node for each in units for site in each.index.calls]
    return [*calls, *(node for each in units for node, _ in each.index.definitions)]


def _inherited(found: Class, base: Construct) -> OperatorFacts | None:
    """The facts of a base class, as far as they hold for a class that is derived from it."""
    facts = base.facts
    if facts is None:
        return None
    for statement in found.node.body:
        match statement:
            case ast.Assign(targets=[ast.Name(id="template_fields")], value=value):
                facts = replace(facts, template_fields=_fields(value, facts.template_fields))
            case ast.AnnAssign(target=ast.Name(id="template_fields"), value=ast.expr() as value):
                facts = replace(facts, template_fields=_fields(value, facts.template_fields))
    methods = [method for name in RUN if (method := found.method(name)) is not None]
    if not methods or any(_calls_super(method.node) for method in methods):
        return facts
    # Its own code does the work; what is left of the base is what it is there for and how it is called.
    kind = facts.kind if facts.kind in ("sensor", "branch", "sql_check", "empty") else "other"
    return replace(facts, kind=kind, touches_network=None)


def _fields(value: ast.expr, inherited: tuple[str, ...]) -> tuple[str, ...]:
    """The names in ``template_fields = (...)``; those of the base too where the value mentions it."""
    nodes = list(nodes_under(value))
    own = [node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str)]
    above = inherited if any(isinstance(node, ast.Attribute) for node in nodes) else ()
    if any(isinstance(node, ast.Sub) for node in nodes):
        return tuple(name for name in above if name not in own)
    return tuple(dict.fromkeys((*above, *own)))


def _calls_super(node: ast.AST) -> bool:
    return any(
        isinstance(inner, ast.Attribute)
        and inner.attr in RUN
        and isinstance(inner.value, ast.Call)
        and last_part(inner.value.func) == "super"
        for inner in nodes_under(node)
    )


def _words(node: ast.ClassDef) -> set[str]:
    found: set[str] = set()
    for inner in nodes_under(node):
        if isinstance(inner, ast.keyword) and inner.arg:
            found.add(inner.arg)
        elif isinstance(inner, ast.Constant) and isinstance(inner.value, str) and len(inner.value) < 40:
            found.add(inner.value)
        elif isinstance(inner, ast.Attribute):
            found.add(inner.attr)
    return found


def operator_facts(qualified: str) -> OperatorFacts | None:
    """What the tables know about an operator class, also under an address that it has moved away from."""
    facts = tables.operator(qualified)
    if facts is not None:
        return facts
    moved = tables.moved(qualified)
    new = new_name(qualified, moved) if moved is not None else None
    return tables.operator(new) if new else None


def new_name(qualified: str, entry: MovedName) -> str | None:
    """Where a name lives now; an entry for the module that it was in tells it too, if the tables know it there."""
    if entry.new is None or not entry.prefix or len(entry.old) >= len(qualified):
        return entry.new
    new = entry.new + qualified[len(entry.old) :]
    return new if tables.operator(new) is not None or tables.construct(new) is not None else None


@dataclass(frozen=True, slots=True, eq=False)
class Mark:
    """How a function's decorators make it something of Airflow's.

    Attributes:
        role: "task", "task_group" or "dag".
        kind: the decorator, as people write it.
        call: the decorator's call, None where it has no arguments.
        given: what a decorator of the project gives Airflow's; None where Airflow's own stands on the function.
    """

    role: str
    kind: str
    call: ast.Call | None
    setup: bool = False
    teardown: bool = False
    given: Arguments | None = None


def mark_of(function: Function, names: Names, frame: Frame | None = None) -> Mark | None:
    """What a function's decorators make of it; ``frame`` is the one it is defined in, where that is being read."""
    node = function.node
    if isinstance(node, ast.Lambda) or not node.decorator_list:
        return None
    setup = teardown = False
    found: tuple[str, str, ast.Call | None] | None = None
    for decorator in node.decorator_list:
        target = decorator.func if isinstance(decorator, ast.Call) else decorator
        construct = names.construct(target)
        call = decorator if isinstance(decorator, ast.Call) else None
        setup = setup or construct.role == "setup"
        teardown = teardown or construct.role == "teardown"
        if construct.role == "task_decorator":
            found = ("task", f"@task.{construct.flavour}" if construct.flavour else "@task", call)
        elif construct.role == "task_group_decorator":
            found = ("task_group", "@task_group", call)
        elif construct.role == "dag_decorator":
            found = ("dag", "@dag", call)
        elif construct.role in ("setup", "teardown") and found is None:
            found = ("task", f"@{construct.role}", call)
    if found is not None:
        return Mark(*found, setup, teardown)
    return names.mark_by_wrapper(node, frame)
