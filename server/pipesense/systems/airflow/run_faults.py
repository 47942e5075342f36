"""Settings that differ from one reading of the file to the next, or from one installation to the next."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Iterator, Sequence, Set
from dataclasses import dataclass
from functools import partial
from typing import Final

from pipesense.lang.python.constants import CLOCK
from pipesense.lang.python.edit import add_keywords
from pipesense.lang.python.frames import Argument, Frame, follow
from pipesense.lang.python.module import Module
from pipesense.lang.python.nodes import children, nodes_under
from pipesense.lang.python.syntax import ParsedUnit, parsed_of, span_of
from pipesense.model.change import Replace
from pipesense.model.faults import FaultKind, SettingFault
from pipesense.model.flow import Schedule
from pipesense.model.value import Absent, Known, Version, known
from pipesense.model.where import Loc
from pipesense.systems.airflow.settings import Defaults
from pipesense.systems.airflow.things import DagDraft, TaskDraft
from pipesense.text.regex import regex

_ONCE: Final = ("@once", "@continuous")
_RANDOM: Final = frozenset(
    {
        *(f"uuid.uuid{number}" for number in (1, 4)),
        *(f"random.{name}" for name in ("random", "randint", "randrange", "choice", "choices", "uniform", "sample")),
        *("secrets.token_hex", "secrets.token_urlsafe", "secrets.choice"),
    }
)
_VARIES: Final = CLOCK | _RANDOM
_ASKS: Final = regex("now|today|ago|time|uuid|rand|choice|token|sample|yesterday|tomorrow")
"""Parts of the names above: most arguments hold none of them."""
_OTHERS: Final = frozenset({"start_date", "python_callable", "dag", "task_group", "outlets", "inlets"})
"""What another rule speaks about, and what is no value."""
_DEEPEST: Final = 3


def run_faults(
    dag: DagDraft, defaults: Defaults, schedule: Schedule, loc: Loc, home: Module, version: Version
) -> Iterator[SettingFault]:
    """What the DAG itself leaves to the clock or to the installation; ``loc`` is its name."""
    if not dag.known:
        return
    if defaults.shared is None or "catchup" not in defaults.shared.items:
        # Among the defaults it does nothing, and that is told where it stands.
        yield from _catchup(dag, schedule, loc, home, version)
    owner = f"DAG {dag.name}"
    yield from _clocks(
        ((name, given) for name, given in dag.arguments.items.items() if name != "default_args"), owner, home, version
    )
    if defaults.shared is not None:
        yield from _clocks(defaults.shared.items.items(), owner, home, version)


def clock_faults(draft: TaskDraft, home: Module, version: Version) -> Iterator[SettingFault]:
    """The task's own arguments that ask the clock while the file is read."""
    for layer in draft.layers:
        yield from _clocks(layer.items.items(), f"task {draft.name}", home, version)


def _catchup(dag: DagDraft, schedule: Schedule, loc: Loc, home: Module, version: Version) -> Iterator[SettingFault]:
    """A DAG with a calendar and a first date that does not say whether missed runs are made up for."""
    text = known(schedule.text)
    absent = schedule.catchup
    if text is None or text in _ONCE or schedule.triggered or not isinstance(absent, Absent):
        return
    if not isinstance(schedule.start, Known) or schedule.moving_start is not None or schedule.every is None:
        return
    default = known(absent.default)
    if default is False or loc.file != home.path:
        return
    call = dag.arguments.call
    edits: tuple[Replace, ...] = ()
    if call is not None and home.loc(call).file == home.path:
        edits = add_keywords(home, call, [("catchup", "False")])
    yield SettingFault(
        kind=FaultKind.CATCHUP_BY_DEFAULT,
        owner=f"DAG {dag.name}",
        setting="catchup",
        written=schedule.start.value,
        loc=loc,
        outcome="catchup is on unless it is switched off"
        if default
        else "catchup is on in Airflow 2, off in Airflow 3",
        instead="catchup=False",
        target=version,
        edits=edits,
        title="Write catchup=False",
    )


def _clocks(
    given: Iterable[tuple[str, Argument]], owner: str, home: Module, version: Version
) -> Iterator[SettingFault]:
    varying = _varying(home)
    for name, argument in given:
        value = argument.value
        if isinstance(value, ast.Constant) or name in _OTHERS or not varying.may_hold(value, argument.frame):
            continue
        if argument.file != home.path:
            continue
        call = _varies(value, argument.frame, 0, varying.may_vary)
        if call is None:
            continue
        place = home.loc(call)
        yield SettingFault(
            kind=FaultKind.CLOCK_IN_SETTING,
            owner=owner,
            setting=name,
            written=" ".join(home.text_of(call).split()),
            loc=place if place.file == home.path else argument.loc,
            outcome="",
            instead="",
            target=version,
        )


_MayVary = Callable[[ast.expr], bool]


@dataclass(frozen=True, slots=True)
class _Varying:
    """What in a file may come to a call that asks.

    ``may_hold``: something in an expression, read in a frame; ``may_vary``: a name or a call by itself.
    """

    may_hold: Callable[[ast.expr, Frame], bool]
    may_vary: _MayVary


def _varying(home: Module) -> _Varying:
    """What may vary in a file that is read once: in most files nothing does.

    What a name means is not asked; it is enough to know where names of that spelling are bound.
    """
    return _ANYTHING if home.keeps else home.memo("airflow: clocks", (), partial(_from_those_that_ask, home))


_ANYTHING: Final = _Varying(lambda expr, frame: True, lambda expr: True)


def _from_those_that_ask(home: Module) -> _Varying:
    sites = (site for unit in home.units for site in unit.index.calls)
    calls = [
        site.node
        for site in sites
        if (_asks(home, site.node) if _ASKS.search(site.callee) else not site.callee and _is_asking(home, site.node))
    ]
    asking = frozenset(map(parsed_of, calls))
    leading = _leading(home, calls)
    units: dict[ParsedUnit, bool] = {}

    def may_hold(expr: ast.expr, frame: Frame) -> bool:
        unit = parsed_of(expr)
        if unit not in home.tree or frame.has_parameters():
            return True
        found = units.get(unit)
        if found is None:
            found = units[unit] = unit in asking or any(_may_mention(unit, name) for name in leading)
        return found

    def may_vary(expr: ast.expr) -> bool:
        unit = parsed_of(expr)
        if unit not in home.tree:
            return True
        return expr.id in leading if isinstance(expr, ast.Name) else unit in asking

    return _Varying(may_hold, may_vary)


def _leading(home: Module, calls: Sequence[ast.Call]) -> Set[str]:
    """Names that are bound to something with one of the calls in it, or with such a name."""
    found: set[str] = set()
    todo = [name for call in calls for name, value in _given_in(parsed_of(call)) if _holds(value, call)]
    while todo:
        name = todo.pop()
        if name in found:
            continue
        found.add(name)
        for unit in home.units:
            if _may_mention(unit, name):
                todo += [each for each, value in _given_in(unit) if each not in found and _mentions(value, name)]
    return found


def _given_in(unit: ParsedUnit) -> Iterator[tuple[str, ast.expr]]:
    """The names that a unit binds, with what they are bound to."""
    for table in unit.index.bindings.values():
        for name, bindings in table.items():
            for binding in bindings:
                if binding.value is not None:
                    yield name, binding.value


def _holds(value: ast.expr, call: ast.Call) -> bool:
    around, inner = span_of(value), span_of(call)
    return around.start <= inner.start and inner.end <= around.end


def _may_mention(unit: ParsedUnit, name: str) -> bool:
    # Beyond ASCII one name may be written in several ways.
    return name in unit.text or not unit.text.isascii()


def _mentions(value: ast.expr, name: str) -> bool:
    return any(isinstance(node, ast.Name) and node.id == name for node in nodes_under(value))


def holds_asking(module: Module, part: ast.stmt | ast.expr) -> bool:
    """Whether some call in a part of a file asks the clock or the dice."""
    sites = (site for site in module.calls_under(part) if not site.callee or _ASKS.search(site.callee))
    return any(_is_asking(module, site.node) for site in sites)


def _is_asking(module: Module, call: ast.Call) -> bool:
    """Whether a call asks the clock or the dice."""
    return _ASKS.search(module.text_of(call.func)) is not None and _asks(module, call)


def _asks(module: Module, call: ast.Call) -> bool:
    names = module.qualified(call.func)
    return bool(names) and _VARIES.issuperset(names)


def _varies(expr: ast.expr, frame: Frame, depth: int, may_vary: _MayVary) -> ast.Call | None:
    """The first call in an expression that asks the clock or the dice when the file is read."""
    expr, frame = follow(expr, frame)
    module = frame.module
    if isinstance(expr, ast.Constant | ast.Lambda) or depth > _DEEPEST or _is_coarse(expr):
        return None
    if isinstance(expr, ast.Name):
        found = module.definition(expr) if may_vary(expr) else ()
        value = found[0] if len(found) == 1 else None
        if not isinstance(value, ast.expr):
            return None
        look = partial(_varies, value, frame, depth + 1, may_vary)
        return look() if frame.has_parameters() else module.memo(("airflow: clock", depth), (value,), look)
    if isinstance(expr, ast.Call) and may_vary(expr) and _is_asking(module, expr):
        return expr
    for inner in _parts(expr):
        hit = _varies(inner, frame, depth if not isinstance(inner, ast.Name) else depth + 1, may_vary)
        if hit is not None:
            return hit
    return None


def _is_coarse(expr: ast.expr) -> bool:
    """Whether what is taken of a moment is its year, quarter or month: it stays the same for weeks."""
    if isinstance(expr, ast.Attribute):
        return expr.attr in _COARSE
    given: ast.expr | None = None
    if isinstance(expr, ast.FormattedValue) and isinstance(expr.format_spec, ast.JoinedStr):
        given = expr.format_spec.values[0] if len(expr.format_spec.values) == 1 else None
    elif isinstance(expr, ast.Call) and isinstance(expr.func, ast.Attribute) and expr.func.attr == "strftime":
        given = expr.args[0] if len(expr.args) == 1 else None
    words = given.value if isinstance(given, ast.Constant) else None
    found = set(_DIRECTIVE.findall(words)) if isinstance(words, str) else set()
    return bool(found) and found <= _COARSE_DIRECTIVES


_COARSE: Final = frozenset({"year", "month", "quarter"})
_DIRECTIVE: Final = regex(r"%-?([A-Za-z])")
_COARSE_DIRECTIVES: Final = frozenset("YyGmbB")


def _parts(expr: ast.expr) -> Iterator[ast.expr]:
    """What an expression is made of; texts and numbers are left out, the name of what is called as well."""
    if isinstance(expr, ast.Call):
        inner = [*expr.args, *(keyword.value for keyword in expr.keywords)]
        if isinstance(expr.func, ast.Attribute):
            inner.append(expr.func.value)
    elif isinstance(expr, ast.List | ast.Tuple | ast.Set):
        inner = expr.elts
    elif isinstance(expr, ast.Dict):
        inner = expr.values
    elif isinstance(expr, ast.Attribute | ast.Subscript | ast.Starred | ast.FormattedValue):
        inner = [expr.value]
    else:
        inner = [part for part in children(expr) if isinstance(part, ast.expr)]
    return (part for part in inner if not isinstance(part, ast.Constant))
