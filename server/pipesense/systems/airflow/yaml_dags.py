"""DAGs that are written in YAML and made by dag-factory (https://astronomer.github.io/dag-factory/).

A file holds one mapping per DAG, by its name, with its tasks as a list or by their names; ``default`` holds what is
said for all of them, and so do files called ``defaults.yml`` in the folders above.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final

from pipesense.lang.documents.file import DocumentFile
from pipesense.lang.documents.queries import accesses_in
from pipesense.lang.yaml.nodes import Entry, Mapping, Node, Scalar, Sequence, items, mapping, resolved, scalar
from pipesense.model.data import Access, CheckKind, QualityCheck
from pipesense.model.flow import Edges, Effect, OtherRun, Pipeline, Role, Runs, Schedule, SqlFileRun, Task
from pipesense.model.value import Absent, Known, Origin, Unknown, Value
from pipesense.model.where import Loc
from pipesense.systems.airflow.names import operator_facts
from pipesense.systems.airflow.tables.facts import OperatorFacts
from pipesense.systems.airflow.yaml_settings import Layers, Place, constant, pairs, settings_of
from pipesense.systems.system import Lifted
from pipesense.text.cron import Cron, read_cron
from pipesense.text.regex import regex
from pipesense.text.span import Span

DEFAULTS_FILES: Final = ("defaults.yml", "defaults.yaml")
DEFAULTS: Final = "airflow defaults"
"""The kind under which a file of defaults tells what it sets, by its folder."""
_ALL: Final = "*"
_NO_DAG: Final = frozenset(("default", "task_groups"))
_CHECK_KIND: Final = regex(r"GreatExpectations|GXValidate|Soda|DbtTest|DataQuality|DbtBuild|CheckOperator$")
_CLASS: Final = regex(r"^[\w.]+\.\w+$|(?:Operator|Sensor)$")
"""What stands behind ``operator`` and ``decorator``: a class by its whole name."""
_RUNS_ALWAYS: Final = frozenset(
    ("all_done", "always", "all_failed", "one_failed", "one_done", "all_done_setup_success")
)
_ABOVE: Final = 20
"""How many folders above a file are looked at for defaults."""


@dataclass(frozen=True, slots=True)
class TaskNode:
    """A task as it stands in the file. ``name_node`` is where its name is written."""

    name: str
    name_node: Node
    body: Mapping
    group: str


@dataclass(frozen=True, slots=True)
class DagNode:
    """A DAG as it stands in the file."""

    entry: Entry
    body: Mapping
    tasks: tuple[TaskNode, ...]
    groups: dict[str, Mapping] = field(default_factory=dict)


def lift(file: DocumentFile) -> Lifted:
    """Every DAG of a file, or what a file of defaults tells those below its folder."""
    if file.tree.problem is not None or file.tree.templated:
        return Lifted()
    if file.path.endswith(tuple(f"/{name}" for name in DEFAULTS_FILES)):
        return Lifted(told=_defaults_told(file))
    if file.path.endswith("/METADATA.yml") or "\noperator:" in f"\n{file.text}":
        from pipesense.systems.airflow.gusty import lift as lift_gusty

        return lift_gusty(file)
    return Lifted(pipelines=tuple(_pipeline(file, dag) for dag in dags(file)))


def dags(file: DocumentFile) -> Iterator[DagNode]:
    """The mappings of a file that dag-factory makes a DAG of."""
    for root in file.roots[:1]:
        for entry in root.entries if isinstance(root, Mapping) else ():
            body = mapping(entry.value)
            if body is None or entry.key is None or entry.key in _NO_DAG:
                continue
            groups = dict(_named(body.get("task_groups"), "group_name"))
            tasks = tuple(_tasks(body))
            if tasks and any(_CLASS.search(_class(task.body)) for task in tasks):
                yield DagNode(entry, body, tasks, groups)


def _class(body: Mapping) -> str:
    return scalar(body.get("operator")) or scalar(body.get("decorator")) or ""


def _tasks(body: Mapping) -> Iterator[TaskNode]:
    node = body.get("tasks")
    if isinstance(node, Mapping):
        for entry in node.entries:
            inner = mapping(entry.value)
            if entry.key is not None and inner is not None:
                yield TaskNode(entry.key, entry.name, inner, scalar(inner.get("task_group_name")) or "")
    for item in items(node):
        inner = mapping(item)
        named = inner.entry("task_id") if inner is not None else None
        name = scalar(named.value) if named is not None else None
        if inner is not None and named is not None and name is not None:
            yield TaskNode(name, resolved(named.value), inner, scalar(inner.get("task_group_name")) or "")


def _named(node: Node | None, key: str) -> Iterator[tuple[str, Mapping]]:
    """Mappings by their names, which stand before them or in them."""
    for name, value in pairs(node):
        inner = mapping(value)
        if inner is not None:
            yield name, inner
    for item in items(node):
        inner = mapping(item)
        said = scalar(inner.get(key)) if inner is not None else None
        if inner is not None and said is not None:
            yield said, inner


# --- defaults ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class DefaultsTold:
    """What a file of defaults sets, for the files below its folder."""

    arguments: Place | None
    whole: Place


def _defaults_told(file: DocumentFile) -> dict[tuple[str, str], object]:
    root = mapping(file.roots[0]) if file.roots else None
    if root is None:
        return {}
    given = mapping(root.get("default_args"))
    words = file.path.rpartition("/")[2]
    inner = Place(words, Origin.PROJECT_FILE, given, file.path, file.unit) if given is not None else None
    found = DefaultsTold(inner, Place(words, Origin.PROJECT_FILE, root, file.path, file.unit))
    return {(DEFAULTS, file.path.rpartition("/")[0]): found, (DEFAULTS, _ALL): found}


def layers_of(file: DocumentFile, dag: DagNode) -> tuple[Layers, Layers]:
    """What is said for all tasks of a DAG, and what of the DAG itself."""
    shared: list[Place] = []
    whole = [Place("the DAG", Origin.PIPELINE, dag.body, file.path, file.unit)]
    own = mapping(dag.body.get("default_args"))
    if own is not None:
        shared.append(Place("the DAG's default_args", Origin.DEFAULT_ARGS, own, file.path, file.unit))
    root = mapping(file.roots[0])
    default = mapping(root.get("default")) if root is not None else None
    if default is not None:
        whole.append(Place("the file's default", Origin.DEFAULT_ARGS, default, file.path, file.unit))
        inner = mapping(default.get("default_args"))
        if inner is not None:
            shared.append(Place("the file's default_args", Origin.DEFAULT_ARGS, inner, file.path, file.unit))
    used: set[str] = set()
    folder = file.path.rpartition("/")[0]
    for _ in range(_ABOVE):
        for found in file.ask(DEFAULTS, folder):
            if isinstance(found, DefaultsTold):
                used.add(found.whole.path)
                whole.append(found.whole)
                shared += [found.arguments] if found.arguments is not None else []
        if not folder:
            break
        folder = folder.rpartition("/")[0]
    # Whoever makes the DAGs may name another folder of defaults, which no file of YAML tells.
    told = (each for each in file.ask(DEFAULTS, _ALL) if isinstance(each, DefaultsTold))
    elsewhere = [each for each in told if each.whole.path not in used]
    perhaps = tuple(each.arguments for each in elsewhere if each.arguments is not None)
    return Layers(tuple(shared), perhaps), Layers(tuple(whole), tuple(each.whole for each in elsewhere))


# --- pipelines -----------------------------------------------------------------------------------


def _pipeline(file: DocumentFile, dag: DagNode) -> Pipeline:
    shared, whole = layers_of(file, dag)
    tasks = tuple(
        task_of(file, task, _own_layers(file, dag, task, shared), whole, scalar(task.body.get("operator")) or "")
        for task in dag.tasks
    )
    given = dag.body.own("default_args")
    return Pipeline(
        name=dag.entry.key or "",
        loc=file.loc(text_span(dag.entry.name)),
        system="airflow",
        noun="DAG",
        tasks=tasks,
        edges=_edges(dag),
        schedule=schedule_of(file, whole),
        shared=file.loc(text_span(given.name)) if given is not None else None,
    )


def text_span(node: Node) -> Span:
    """A scalar's characters without its quotes."""
    if isinstance(node, Scalar) and node.style in ("'", '"') and len(node.span) >= 2:
        return Span(node.span.start + 1, node.span.end - 1)
    return node.span


def task_of(file: DocumentFile, node: TaskNode, layers: Layers, whole: Layers, qualified: str) -> Task:
    """A task of the class ``qualified``; ``layers`` set something for it, ``whole`` for the DAG."""
    facts = operator_facts(qualified) if qualified else None
    kind = qualified.rpartition(".")[2] or (scalar(node.body.get("decorator")) or "task").rpartition(".")[2]
    sensor = kind.endswith("Sensor") or (facts is not None and facts.sensor)
    settings = settings_of(layers, sensor, whole)
    loc = file.loc(text_span(node.name_node))
    role = _role(kind, facts, sensor)
    return Task(
        name=node.name,
        loc=loc,
        whole=file.loc(node.body.span),
        kind=kind,
        variable=None,
        retry=settings.retry,
        timeout=settings.timeout,
        alerts=settings.alerts,
        settings=settings.settings,
        does=_does(node, kind, facts),
        runs=tuple(_runs(file, node, kind)),
        role=role,
        accesses=_accesses(file, node, facts),
        checks=(_check(node, loc),) if isinstance(role, Known) and role.value is Role.CHECK else (),
        mapped=node.body.get("expand") is not None,
        always_runs=settings.trigger_rule in _RUNS_ALWAYS,
        holds_slot=settings.holds_slot,
    )


def _own_layers(file: DocumentFile, dag: DagNode, node: TaskNode, shared: Layers) -> Layers:
    places = [Place("the task", Origin.HERE, node.body, file.path, file.unit)]
    for key in ("partial", "default_args"):
        inner = mapping(node.body.get(key))
        if inner is not None:
            places.append(Place("the task", Origin.HERE, inner, file.path, file.unit))
    group, seen = node.group, 0
    while group in dag.groups and seen < 20:
        body = dag.groups[group]
        inner = mapping(body.get("default_args"))
        if inner is not None:
            places.append(Place(f"default_args of group {group}", Origin.TASK_GROUP, inner, file.path, file.unit))
        group, seen = scalar(body.get("parent_group_name")) or "", seen + 1
    return Layers((*places, *shared.places), shared.perhaps)


def _role(kind: str, facts: OperatorFacts | None, sensor: bool) -> Value[Role]:
    said = facts.kind if facts is not None else ""
    if said == "sql_check" or _CHECK_KIND.search(kind):
        return Known(Role.CHECK)
    if sensor:
        return Known(Role.SENSOR)
    if said == "empty" or kind in ("EmptyOperator", "DummyOperator", "LatestOnlyOperator"):
        return Known(Role.EMPTY)
    if said == "branch":
        return Known(Role.BRANCH)
    if said == "trigger":
        return Known(Role.TRIGGER)
    return Unknown("what the task does decides")


def _does(node: TaskNode, kind: str, facts: OperatorFacts | None) -> Value[frozenset[Effect]]:
    if facts is None:
        return Unknown(f"what {kind} does is not known")
    if any((entry.key or "").startswith("python_callable") for entry in node.body.entries):
        return Unknown("what the function does is told by its body")
    if facts.touches_network is None:
        return Unknown(f"what {kind} does depends on what it is given")
    return Known(frozenset({Effect.NETWORK}) if facts.touches_network else frozenset())


def _check(node: TaskNode, loc: Loc) -> QualityCheck:
    return QualityCheck(frozenset({CheckKind.CUSTOM}), Unknown("which data is checked is not said"), (), node.name, loc)


def _sql(node: TaskNode, facts: OperatorFacts | None) -> Scalar | None:
    key = facts.sql if facts is not None else None
    given = resolved(found) if key and (found := node.body.get(key)) is not None else None
    return given if isinstance(given, Scalar) else None


def _runs(file: DocumentFile, node: TaskNode, kind: str) -> Iterator[Runs]:
    for key in ("sql", "bql"):
        text = scalar(node.body.get(key))
        if text is not None and text.strip().endswith(".sql") and "{{" not in text:
            folder = file.path.rpartition("/")[0]
            given = node.body.get(key)
            name = text.strip().lstrip("/")
            candidates = (f"{folder}/{name}", f"{folder.rpartition('/')[0]}/{name}")
            yield SqlFileRun(name, candidates, file.loc(given.span if given is not None else node.body.span))
            return
    for key in ("bash_command", "python_callable", "python_callable_name", "image"):
        text = scalar(node.body.get(key))
        if text is not None:
            yield OtherRun(text[:60], file.loc(node.body.span))
            return


def _accesses(file: DocumentFile, node: TaskNode, facts: OperatorFacts | None) -> tuple[Access, ...]:
    given = _sql(node, facts)
    if given is None or facts is None or given.text.strip().endswith(".sql"):
        return ()
    return accesses_in([(given.text, file.loc(given.span))], facts.dialect or "")


def _edges(dag: DagNode) -> Edges:
    """Tasks before tasks; a group stands for all that is in it."""
    inside: dict[str, set[str]] = {name: set() for name in dag.groups}
    for task in dag.tasks:
        group, seen = task.group, 0
        while group in dag.groups and seen < 20:
            inside[group].add(task.name)
            group, seen = scalar(dag.groups[group].get("parent_group_name")) or "", seen + 1
    names = {task.name for task in dag.tasks}
    found: set[tuple[str, str]] = set()
    opened: Unknown | None = None
    wanted = [(frozenset({task.name}), task.body) for task in dag.tasks]
    wanted += [(frozenset(inside[name]), body) for name, body in dag.groups.items()]
    for behind, body in wanted:
        given = body.get("dependencies")
        if given is not None and not isinstance(given, Sequence):
            opened = opened or Unknown("the dependencies of a task are no list")
        for item in items(given):
            name = scalar(item) or ""
            short = name.rpartition(".")[2]
            before = {name} if name in names else inside.get(name) or ({short} if short in names else None)
            if before is None:
                opened = opened or Unknown(f"{name or 'a dependency'} is no task of this file")
                continue
            found |= {(one, other) for one in before for other in behind if one != other}
    return Edges(frozenset(found), opened)


def schedule_of(file: DocumentFile, whole: Layers) -> Schedule:
    """When a DAG runs, as far as the places that say something of it tell."""
    found = whole.find("schedule", "schedule_interval")
    catchup = whole.find("catchup")
    text: Value[str | None] = Absent(Unknown("the default depends on the version"), whole.searched)
    every: timedelta | None = None
    triggered = False
    if found is not None:
        node = resolved(found[2])
        value = constant(node)
        triggered = not isinstance(node, Scalar)
        text = Unknown("it is computed")
        if isinstance(value, Known) and (value.value is None or isinstance(value.value, str)):
            said = None if value.value in (None, "None") else str(value.value)
            text = Known(said, found[0].loc(node), found[0].origin)
            cron = read_cron(said) if said and said not in ("@once", "@continuous") else None
            every = cron.shortest() if isinstance(cron, Cron) else None
    flag = constant(catchup[2]) if catchup is not None else Unknown("it is not set here")
    return Schedule(
        text=text,
        start=Unknown("it is not told here"),
        triggered=triggered,
        catchup=Known(bool(flag.value)) if isinstance(flag, Known) else Unknown("it is not set here"),
        every=every,
    )
