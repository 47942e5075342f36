"""Calls that do input or output while Airflow parses the file, and the templates that could stand in their place."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

from pipesense.lang.python.effects import OPENS, CallEffect, call_effect, name_effect
from pipesense.lang.python.functions import Function, own_calls, runs_in
from pipesense.lang.python.index import CallSite
from pipesense.lang.python.module import Module
from pipesense.lang.python.parse_time import may_wait
from pipesense.model.code import CallAtParse
from pipesense.model.flow import Effect
from pipesense.model.value import Known
from pipesense.systems.airflow.calls import EDGES
from pipesense.systems.airflow.names import Names, dotted, mark_of

_FUNCTIONS: Final = (ast.FunctionDef, ast.AsyncFunctionDef)
_MAX_DEPTH: Final = 4
_QUIET_READS: Final = ("builtins.open", "open", "io.open", "os.", "pathlib.", "shutil.", "glob.")
"""Reading a small file beside the DAG is how configuration is read; it is not worth a word."""


def calls_at_parse(module: Module, statement: ast.stmt | ast.expr, names: Names) -> tuple[CallAtParse, ...]:
    """What one top-level statement reaches while the file is parsed."""
    if _is_guarded(statement) or isinstance(statement, ast.Import | ast.ImportFrom):
        return ()
    templates: dict[ast.Call, str] | None = None
    imported = _Imported(module, names)
    found: dict[int, CallAtParse] = {}
    for site, via in _reached(module, statement, names):
        if id(site.node) in found or module.loc(site.node).file != module.path:
            continue
        reached = _effect(module, site, ()) or imported.effect(site)
        if reached is not None:
            if templates is None:
                templates = _templates(module, statement, names)
            template = templates.get(site.node) if not (via or reached.via) else None
            found[id(site.node)] = CallAtParse(
                reached.effect.what,
                " ".join(module.text_of(reached.site.node.func).split()),
                reached.effect.words,
                module.loc(site.node),
                template,
                (*via, *reached.via),
            )
    return tuple(found.values())


def gathered(calls: Sequence[CallAtParse]) -> tuple[CallAtParse, ...]:
    """One fact for all places of a file that make the same call."""
    groups: dict[object, list[CallAtParse]] = {}
    for call in calls:
        groups.setdefault((call.what, call.effect, call.via[-1:]), []).append(call)
    return tuple(replace(first, again=tuple(rest)) if rest else first for first, *rest in groups.values())


@dataclass(frozen=True, slots=True, eq=False)
class _Reached:
    """A call that does something, and the functions through which it is reached."""

    site: CallSite
    effect: CallEffect
    via: tuple[str, ...]


def _effect(module: Module, site: CallSite, via: tuple[str, ...]) -> _Reached | None:
    effect = call_effect(module, site)
    if effect is None or not _matters(effect.what, effect.effect):
        return None
    return _Reached(site, effect, via)


class _Imported:
    """What functions of other files do when this one calls them at its top level, each looked through once."""

    def __init__(self, module: Module, names: Names) -> None:
        self.module = module
        self.names = names
        self._known: dict[ast.AST, _Reached | None] = {}

    def effect(self, site: CallSite, depth: int = 0) -> _Reached | None:
        """The first call that matters in the functions that a call runs."""
        for function in self.module.callables(site.node.func):
            here = function.module is self.module and not depth
            if here or _waits(function, self.names) or _leaves_open(site, function):
                continue
            if function.node not in self._known:
                self._known[function.node] = None
                self._known[function.node] = self._first(function, depth)
            found = self._known[function.node]
            if found is not None:
                return _Reached(found.site, found.effect, (function.path, *found.via))
        return None

    def _first(self, function: Function, depth: int) -> _Reached | None:
        sites = [site for site in own_calls(self.module, function) if _is_certain(site, function)]
        for site in sites:
            found = _effect(self.module, site, ())
            if found is not None:
                return found
        for site in sites if depth < _MAX_DEPTH else ():
            found = self.effect(site, depth + 1)
            if found is not None:
                return found
        return None


def _is_certain(site: CallSite, function: Function) -> bool:
    """Whether a call runs whenever its function does, whatever the arguments and the deployment are."""
    for place in site.place.outward():
        if place.node is function.node:
            break
        if isinstance(place.node, ast.If | ast.Match | ast.ExceptHandler):
            return False
    return True


def _is_guarded(statement: ast.stmt | ast.expr) -> bool:
    """``if __name__ == "__main__":`` and ``if TYPE_CHECKING:`` do not run when Airflow parses the file."""
    if not isinstance(statement, ast.If):
        return False
    test = statement.test
    if isinstance(test, ast.Compare):
        return isinstance(test.left, ast.Name) and test.left.id == "__name__"
    return dotted(test).rpartition(".")[2] == "TYPE_CHECKING"


def _matters(what: str, effect: Effect) -> bool:
    return effect is not Effect.READ or not what.startswith(_QUIET_READS)


def _reached(
    module: Module, statement: ast.stmt | ast.expr, names: Names
) -> Iterator[tuple[CallSite, tuple[str, ...]]]:
    """Calls that run when the statement does, and those in functions of the file that it calls."""
    entries = {None, *_dag_bodies(statement, names)}
    sites = [site for site in module.calls_under(statement) if runs_in(site.place) in entries and not _connects(site)]
    if not module.keeps:
        sites = [
            each for each in sites if not module.answer("is quiet", each.node.func, _is_quiet, False, anywhere=True)
        ]
    todo: list[tuple[CallSite, tuple[str, ...]]] = [(site, ()) for site in sites]
    seen: set[ast.AST] = set()
    while todo:
        site, via = todo.pop(0)
        yield site, via
        if len(via) >= _MAX_DEPTH:
            continue
        for function in module.callables(site.node.func):
            if function.node in seen or function.module is not module or _waits(function, names):
                continue
            if _leaves_open(site, function):
                continue
            seen.add(function.node)
            todo += [(inner, (*via, function.path)) for inner in own_calls(module, function)]


def _connects(site: CallSite) -> bool:
    """``task.set_upstream(other)``."""
    return isinstance(site.node.func, ast.Attribute) and site.node.func.attr in EDGES


def _is_quiet(module: Module, func: ast.expr) -> bool:
    """Whether a callee does nothing that is told, whatever it is given, and runs no code of the workspace."""
    if module.callables(func):
        return False
    return not any(name in OPENS or name_effect(name) is not None for name in module.qualified(func))


def _dag_bodies(statement: ast.stmt | ast.expr, names: Names) -> Iterator[ast.AST]:
    """The body of a ``@dag`` function runs when the file is parsed."""
    if isinstance(statement, _FUNCTIONS):
        for decorator in statement.decorator_list:
            target = decorator.func if isinstance(decorator, ast.Call) else decorator
            if names.construct(target).role == "dag_decorator":
                yield statement


def _waits(function: Function, names: Names) -> bool:
    """Whether calling the function only makes a task, so that its body runs later."""
    mark = mark_of(function, names)
    if mark is not None:
        return mark.role != "task_group"
    return isinstance(function.node, _FUNCTIONS) and may_wait(names.module, function.node)


def _leaves_open(site: CallSite, function: Function) -> bool:
    """Whether a call gives a decorated function too little to run: it was curried, and the call makes a function."""
    node, call = function.node, site.node
    if isinstance(node, ast.Lambda) or not node.decorator_list or "." in function.path:
        return False
    if any(isinstance(each, ast.Starred) for each in call.args) or any(each.arg is None for each in call.keywords):
        return False
    taken = [*node.args.posonlyargs, *node.args.args]
    needed = taken[: len(taken) - len(node.args.defaults)]
    named = {each.arg for each in call.keywords}
    return any(each.arg not in named for each in needed[len(call.args) :])


def _templates(module: Module, statement: ast.stmt | ast.expr, names: Names) -> dict[ast.Call, str]:
    """For calls of Variable.get in templated arguments of operators: the template that says the same."""
    found: dict[ast.Call, str] = {}
    for site in module.calls_under(statement):
        if "Operator" not in site.callee and "Sensor" not in site.callee:
            continue
        facts = names.construct(site.node.func).facts
        if facts is None:
            continue
        for keyword in site.node.keywords:
            if keyword.arg in facts.template_fields:
                for call in _values(keyword.value):
                    text = _template(module, call)
                    if text is not None:
                        found[call] = text
    return found


def _values(expr: ast.expr) -> Iterator[ast.Call]:
    """Calls that are a value by themselves, in lists and dictionaries too."""
    if isinstance(expr, ast.Call):
        yield expr
    elif isinstance(expr, ast.List | ast.Tuple):
        for element in expr.elts:
            yield from _values(element)
    elif isinstance(expr, ast.Dict):
        for value in expr.values:
            yield from _values(value)


def _template(module: Module, call: ast.Call) -> str | None:
    """``Variable.get("k", "d")`` as a string literal that holds a template."""
    names = module.qualified(call.func)
    if not names or not all(name.startswith("airflow.") and name.endswith("Variable.get") for name in names):
        return None
    if not call.args or len(call.args) > 2:
        return None
    key = _text(module, call.args[0])
    default, json = "", False
    rest = [("default_var", call.args[1])] if len(call.args) == 2 else []
    for name, value in [*rest, *((keyword.arg, keyword.value) for keyword in call.keywords)]:
        if name in ("default_var", "default"):
            text = _text(module, value)
            if text is None:
                return None
            default = f", '{text}'"
        elif name == "deserialize_json":
            known = module.value(value)
            if not isinstance(known, Known):
                return None
            json = known.value is True
        else:
            return None
    if key is None:
        return None
    kind = "json" if json else "value"
    if not default and key.isidentifier():
        return f'"{{{{ var.{kind}.{key} }}}}"'
    return f"\"{{{{ var.{kind}.get('{key}'{default}) }}}}\""


def _text(module: Module, expr: ast.expr) -> str | None:
    value = module.value(expr)
    if not isinstance(value, Known) or not isinstance(value.value, str):
        return None
    return value.value if not set(value.value) & set("'\"\\{}\n") else None
