"""Which code of a file runs when the file is imported."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Final

from pipesense.lang.python.functions import runs_in
from pipesense.lang.python.index import FUNCTIONS, CallSite, FunctionNode, Place, dotted
from pipesense.lang.python.syntax import place_of

if TYPE_CHECKING:
    from pipesense.lang.python.module import Module

_TRANSPARENT: Final = frozenset(
    {
        *("functools.wraps", "functools.lru_cache", "functools.cache", "functools.cached_property"),
        *("contextlib.contextmanager", "builtins.staticmethod", "builtins.classmethod", "builtins.property"),
        *("tenacity.retry", "retry.retry", "backoff.on_exception", "typing.no_type_check", "typing.overload"),
        # They run it once all arguments are there.
        *("ramda.curry", "toolz.curry", "cytoolz.curry"),
    }
)


class ParseContext:
    """The parts of a module that run while it is imported."""

    def __init__(self, module: Module, reached: dict[ast.AST, tuple[str, ...]]) -> None:
        self._module = module
        self._reached = reached

    def _via(self, place: Place) -> tuple[str, ...] | None:
        if _is_guarded(place):
            return None
        runner = runs_in(place)
        return () if runner is None else self._reached.get(runner)

    def via(self, node: ast.AST) -> tuple[str, ...] | None:
        """The functions through which import reaches a node: () at top level, None where it does not."""
        return self._via(place_of(node))

    def calls(self) -> Iterator[tuple[CallSite, tuple[str, ...]]]:
        """Calls that run at import, each with its ``via``."""
        for site in self._module.calls():
            via = self._via(site.place)
            if via is not None:
                yield site, via


def parse_context(
    module: Module,
    *,
    entry: Callable[[FunctionNode], bool] = lambda function: False,
    deferred: Callable[[FunctionNode], bool] | None = None,
) -> ParseContext:
    """What runs at import: the top level (``if __name__ == "__main__"`` left out), class bodies, default values,
    decorators, bodies for which ``entry`` is True (``@dag``), and functions of the file called from there.

    Calling a function for which ``deferred`` is True (``@task``) does not run its body. Default: every function
    with a decorator that is not known to run what it decorates.
    """
    waits = deferred if deferred is not None else lambda function: may_wait(module, function)
    sites: dict[ast.AST | None, list[CallSite]] = {}
    for site in module.calls():
        if not _is_guarded(site.place):
            sites.setdefault(runs_in(site.place), []).append(site)
    entries: dict[ast.AST | None, list[FunctionNode]] = {}
    for function in module.functions.values():
        if entry(function):
            entries.setdefault(runs_in(place_of(function)), []).append(function)
    reached: dict[ast.AST, tuple[str, ...]] = {}
    todo: list[tuple[ast.AST | None, tuple[str, ...]]] = [(None, ())]
    while todo:
        runner, via = todo.pop(0)
        for function in entries.get(runner, ()):
            if function not in reached:
                reached[function] = via
                todo.append((function, via))
        for site in sites.get(runner, ()):
            for called, name in _called(module, site):
                skipped = isinstance(called, FUNCTIONS) and (waits(called) or entry(called))
                if called not in reached and not skipped:
                    reached[called] = (*via, name)
                    todo.append((called, reached[called]))
    return ParseContext(module, reached)


def _called(module: Module, site: CallSite) -> Iterator[tuple[ast.AST, str]]:
    """Functions of this file whose body the call runs; a class runs its ``__init__``."""
    for function in module.callables(site.node.func):
        if function.module is module:
            yield function.node, function.path
    for name in module.qualified(site.node.func):
        made = module.locate(f"{name}.__init__") if module.is_own(name) and "(" not in name else None
        if made is not None:
            yield made.node, made.path


def may_wait(module: Module, function: FunctionNode) -> bool:
    """Whether calling a function may leave its body for later: a decorator is not known to run it."""
    for decorator in function.decorator_list:
        target = decorator.func if isinstance(decorator, ast.Call) else decorator
        names = module.qualified(target)
        if not names or not _TRANSPARENT.issuperset(names):
            return True
    return False


def _is_guarded(place: Place) -> bool:
    """Whether the code stands under ``if __name__ == "__main__"`` or ``if TYPE_CHECKING``, or in no readable place."""
    for at in place.outward():
        if isinstance(at.node, ast.If) and at.part == "body":
            test = at.node.test
            if isinstance(test, ast.Compare) and dotted(test.left) == "__name__" and isinstance(test.ops[0], ast.Eq):
                return True
            if dotted(test).rpartition(".")[2] == "TYPE_CHECKING":
                return True
    return place.is_orphan
