"""What is wrong with a DAG as a whole: two tasks of one name, tasks that wait for one another, alerts to nobody."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Mapping, Sequence

from pipesense.lang.python.frames import Argument
from pipesense.lang.python.index import LOOPS
from pipesense.lang.python.module import Module
from pipesense.lang.python.names import excludes
from pipesense.lang.python.syntax import place_of
from pipesense.model.faults import FaultKind, SettingFault
from pipesense.model.value import Known, Version
from pipesense.model.where import Loc
from pipesense.systems.airflow.settings import Defaults
from pipesense.systems.airflow.things import DagDraft, TaskDraft

Pairs = Iterable[tuple[TaskDraft, TaskDraft]]


def graph_faults(
    dag: DagDraft,
    drafts: Sequence[TaskDraft],
    certain: Pairs,
    defaults: Defaults,
    home: Module,
    version: Version,
    names: Mapping[TaskDraft, str],
) -> Iterator[SettingFault]:
    """``names`` are the tasks' ids with their groups; ``certain`` the edges that exist however the code runs."""
    owner = f"DAG {dag.name}"
    yield from _duplicates(drafts, owner, home, version, names)
    yield from _cycle(drafts, certain, owner, home, version, names)
    if defaults.shared is not None:
        yield from _alerts_nobody(dag, drafts, defaults, owner, home, version)


def _duplicates(
    drafts: Sequence[TaskDraft], owner: str, home: Module, version: Version, names: Mapping[TaskDraft, str]
) -> Iterator[SettingFault]:
    """Two operator calls with one id. Functions that are tasks get a number behind their name by themselves."""
    first: dict[str, TaskDraft] = {}
    for draft in drafts:
        if draft.function is not None or draft.anchor is not None or "{" in names[draft] or draft.mapped:
            continue
        if draft.facts is None and not (draft.construct is not None and draft.construct.classes):
            # Whatever takes a task_id may be no task: a builder, a group.
            continue
        earlier = first.setdefault(names[draft], draft)
        if earlier is draft or earlier.node is draft.node or _may_exclude(earlier, draft):
            continue
        place = _place(draft, home)
        if place is None:
            continue
        yield SettingFault(
            kind=FaultKind.DUPLICATE_TASK,
            owner=owner,
            setting="task_id",
            written=names[draft],
            loc=place,
            outcome="DAG() raises DuplicateTaskIdFound",
            instead="an id of its own for each task",
            target=version,
            related=_place(earlier, home),
        )


def _may_exclude(one: TaskDraft, other: TaskDraft) -> bool:
    """Whether the two may stand in branches of which only one runs."""
    first, second = place_of(one.node), place_of(other.node)
    if excludes(first, second):
        return True
    return any(isinstance(at.node, ast.Try) for place in (first, second) for at in place.conditions())


def _place(draft: TaskDraft, home: Module) -> Loc | None:
    node = draft.name_node if draft.name_node is not None else draft.node
    loc = home.loc(node)
    return loc if loc.file == home.path else None


def _cycle(
    drafts: Sequence[TaskDraft],
    certain: Pairs,
    owner: str,
    home: Module,
    version: Version,
    names: Mapping[TaskDraft, str],
) -> Iterator[SettingFault]:
    own = set(drafts)
    following: dict[TaskDraft, list[TaskDraft]] = {}
    for before, behind in certain:
        if before in own and behind in own:
            following.setdefault(before, []).append(behind)
    stuck = _never_free(following)
    for draft in drafts if stuck else ():
        if draft not in stuck:
            continue
        around = _way_back(draft, following)
        if around is None:
            continue
        loops = any(isinstance(at.node, LOOPS) for each in around for at in place_of(each.node).conditions())
        place = _place(draft, home)
        if place is None or loops:
            return
        yield SettingFault(
            kind=FaultKind.CYCLE,
            owner=owner,
            setting=names[draft],
            written=" >> ".join(names[each] for each in (*around, draft)),
            loc=place,
            outcome="the scheduler raises AirflowDagCycleException",
            instead="an order without a way back",
            target=version,
        )
        return


def _never_free(following: Mapping[TaskDraft, Sequence[TaskDraft]]) -> frozenset[TaskDraft]:
    """The tasks that always wait for another one, whatever has run: those in a cycle or behind one."""
    waits: dict[TaskDraft, int] = {}
    for behind in following.values():
        for task in behind:
            waits[task] = waits.get(task, 0) + 1
    todo = [task for task in following if task not in waits]
    for task in todo:
        for behind_task in following.get(task, ()):
            waits[behind_task] -= 1
            if not waits[behind_task]:
                todo.append(behind_task)
    return frozenset(task for task, count in waits.items() if count)


def _way_back(start: TaskDraft, following: Mapping[TaskDraft, Sequence[TaskDraft]]) -> list[TaskDraft] | None:
    """The shortest way from a task to itself."""
    came: dict[TaskDraft, TaskDraft] = {}
    todo = [start]
    for at in todo:
        for behind in following.get(at, ()):
            if behind is start:
                way = [at]
                while way[0] is not start:
                    way.insert(0, came[way[0]])
                return way
            if behind not in came:
                came[behind] = at
                todo.append(behind)
    return None


def _alerts_nobody(
    dag: DagDraft, drafts: Sequence[TaskDraft], defaults: Defaults, owner: str, home: Module, version: Version
) -> Iterator[SettingFault]:
    """``email_on_failure=True`` among the defaults, and no address anywhere."""
    shared = defaults.shared
    if shared is None or shared.opened is not None or not dag.known:
        return
    asked = shared.items.get("email_on_failure")
    if asked is None or asked.loc.file != home.path or not _is(asked, True):
        return
    told = ("email", "on_failure_callback")
    if any(_says(shared.items.get(name)) for name in told) or _says(dag.arguments.get("on_failure_callback")):
        return
    for draft in drafts:
        if draft.sets & {"email"} or any(
            layer.items.get(name) is not None or layer.why_unsure(name) is not None
            for layer in defaults.layers(draft)
            if layer is not shared
            for name in told
        ):
            return
    yield SettingFault(
        kind=FaultKind.ALERT_WITHOUT_RECIPIENT,
        owner=owner,
        setting="email_on_failure",
        written="True",
        loc=asked.loc,
        outcome="no address is given, so Airflow sends nothing",
        instead="email=[...], or on_failure_callback",
        target=version,
    )


def _is(argument: Argument, value: object) -> bool:
    given = argument.constant()
    return isinstance(given, Known) and given.value is value


def _says(argument: Argument | None) -> bool:
    """Whether an argument is given, and does not say nothing right where it stands.

    An empty list under a name of its own is a place where somebody may fill in addresses.
    """
    if argument is None:
        return False
    given = argument.constant()
    return isinstance(argument.value, ast.Name) or not isinstance(given, Known) or bool(given.value)
