"""Case files of data libraries: what is done with their values, and what scopes read and write, as text."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from pipesense.lang.python import pins
from pipesense.model.code import ScopeCode
from pipesense.model.frames import FrameCheck, FrameOperation, FrameScope, Given
from pipesense.model.value import Absent, Known
from pipesense.systems.system import PythonSystem
from systems.lifting import Case, Workspace


def facts_of(case: Case, system: PythonSystem) -> str:
    """What a system finds in the first file of a case."""
    workspace = Workspace(case.files)
    module = workspace.module(case.lifted)
    project: Mapping[str, str] = {name: text for name, text in case.files.items() if name in pins.FILES}
    numbers = iter(range(1, 1000))
    embed: Callable[..., Any] = lambda *_: next(numbers)  # noqa: E731
    lifted = system.lift(module, system.version(module, project, None), embed)
    lines: list[str] = []
    for fact in lifted.facts:
        if isinstance(fact, FrameScope):
            lines.append(fact.scope)
            lines += [f"  {_operation(each)}" for each in fact.operations]
        elif isinstance(fact, FrameCheck):
            lines.append(f"{fact.scope} holds a frame against {_check(fact)}")
    for code in lifted.code:
        lines += _code(code)
    return "\n".join(lines) + "\n"


def _check(check: FrameCheck) -> str:
    gates = {True: "gates", False: "lets everything through", None: "may gate"}[check.gates]
    columns = [f"{each.name} ({', '.join(each.demands)})" if each.demands else each.name for each in check.columns]
    return "; ".join([check.schema, *columns, gates])


def _operation(each: FrameOperation) -> str:
    given = ", ".join(_given(one) for one in each.given)
    words = [f"{each.kind}.{each.name}({given})".lstrip(".")]
    if each.result:
        words.append("gives " + " ".join([*sorted(each.result_traits), each.result]))
    if each.use:
        words.append(f"{each.use} {each.detail}".rstrip())
    words += ["loop"] * each.loop + ["maybe"] * (each.conditional and not each.loop)
    return "; ".join(words)


def _given(given: Given) -> str:
    value = repr(given.value.value) if isinstance(given.value, Known) else given.kind or given.form
    return f"{given.name}={value}" if given.name else value


def _code(code: ScopeCode) -> list[str]:
    found = [f"{code.scope}:"]
    for access in code.accesses:
        bare = ", nothing guards it" if isinstance(access.guard, Absent) else ""
        platform = f"{access.dataset.platform}: " if access.dataset.platform else ""
        found.append(f"  {access.call} {access.mode.value} {platform}{'/'.join(access.dataset.parts)}{bare}")
    found += [f"  SQL{' in memory' if each.scratch else ''}" for each in code.scripts]
    found += [f"  checks {check.by}" for check in code.checks]
    if code.effects:
        found.append("  touches " + ", ".join(sorted(effect.value for effect in code.effects)))
    return found
