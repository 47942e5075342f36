"""DAGs that gusty makes of a folder: a file per task, and ``METADATA.yml`` with what is said for all of them.

https://github.com/pipeline-tools/gusty (0.23): a folder is a DAG or a group of tasks; ``default_args`` of the metadata
win over those of ``create_dag``, key by key, and a task's own file wins over both. A task is a YAML file, or a Python
or SQL file with YAML at its top.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Final

from pipesense.lang.documents.file import DocumentFile
from pipesense.lang.yaml.nodes import Entry, Node, Scalar, items, mapping, resolved, scalar
from pipesense.lang.yaml.nodes import Mapping as YamlMapping
from pipesense.lang.yaml.read import read_yaml
from pipesense.model.flow import Edges, OtherRun, Pipeline, Schedule, SqlFileRun, Task
from pipesense.model.value import Absent, Known, Origin, Unknown
from pipesense.systems.airflow.yaml_dags import TaskNode, schedule_of, task_of, text_span
from pipesense.systems.airflow.yaml_settings import Layers, Place
from pipesense.systems.system import Lifted
from pipesense.text.regex import regex
from pipesense.text.span import Span

METADATA: Final = "/METADATA.yml"
TASK: Final = "gusty task"
"""The kind under which a file tells the task that it is, by every folder around it."""
FOLDER: Final = "gusty folder"
"""The kind under which the metadata of a folder are told, by the folder."""
DAG: Final = "gusty DAG"
"""The kind under which the metadata at the top tell the DAG, by its folder."""
CALL: Final = "gusty call"
"""The kind under which Python code tells what it says for all DAGs that it has made of folders."""
ALL: Final = "*"
_ABOVE: Final = 6
"""How many folders deep a DAG may be."""
_OPERATOR: Final = regex(r"(?m)^operator[ \t]*:[ \t]*\S")
_PYTHON_HEAD: Final = regex(r"# ---[ \t]*\r?\n(?:#.*\r?\n)*?# ---[ \t]*(?:\r?\n|$)")
_SQL_HEAD: Final = regex(r"---[ \t]*\r?\n(?:.*\r?\n)*?---[ \t]*(?:\r?\n|$)")
_PYTHON: Final = "airflow.providers.standard.operators.python.PythonOperator"
_MOVING: Final = ("!days_ago", "days_ago")


@dataclass(frozen=True, slots=True)
class TaskFile:
    """A file that is a task, or what stands at its top."""

    file: DocumentFile
    body: YamlMapping
    otherwise: str = ""
    """The operator where none is named."""


@dataclass(frozen=True, slots=True)
class FolderTold:
    """The metadata of a folder."""

    path: str
    unit: int
    body: YamlMapping

    def place(self, words: str, origin: Origin, key: str = "") -> Place | None:
        """What they say, or what stands under a key of them."""
        node = mapping(self.body.get(key)) if key else self.body
        return Place(words, origin, node, self.path, self.unit) if node is not None else None


@dataclass(frozen=True, slots=True)
class CallTold:
    """Which arguments ``create_dag`` is given for its DAGs, and which defaults for their tasks; None for any."""

    arguments: frozenset[str]
    defaults: frozenset[str] | None


def is_task(path: str, text: str) -> bool:
    """Whether a YAML file may be a task: it names an operator at its top."""
    return path.endswith(".yml") and "operator" in text and _OPERATOR.search(text) is not None


def lift(file: DocumentFile) -> Lifted:
    """What a file of metadata or of a task tells, and the DAG where the metadata are at the top of one."""
    body = mapping(file.roots[0]) if file.roots else None
    if body is None:
        return Lifted()
    own = replace(file, ask=_silent)
    if not file.path.endswith(METADATA):
        return Lifted(told=dict(_told(TaskFile(own, body))))
    folder = _folder(file.path)
    told: dict[tuple[str, str], object] = {(FOLDER, folder): FolderTold(file.path, file.unit, body)}
    if any(file.ask(FOLDER, above) for above in _above(folder)):
        return Lifted(told=told)
    pipeline = _pipeline(file, body, folder)
    if pipeline is None:
        return Lifted(told=told)
    return Lifted(pipelines=(pipeline,), told={**told, (DAG, folder): pipeline})


def _silent(kind: str, name: str) -> tuple[object, ...]:
    return ()


def told_at_top(path: str, unit: int, text: str) -> Mapping[tuple[str, str], object]:
    """What a Python or SQL file tells that says at its top which task it is. ``unit`` is the one that begins there."""
    python = path.endswith(".py")
    head = (_PYTHON_HEAD if python else _SQL_HEAD).match(text)
    if head is None or "\n" not in head[0].strip():
        return {}
    # The marks of comments become blanks, and so do the rules around it: what is left has the places of the file.
    lines = [" " + line[1:] if python else line for line in head[0].splitlines(keepends=True)]
    blank = [line if "---" not in line else line.replace("-", " ") for line in lines]
    tree = read_yaml("".join(blank))
    body = mapping(tree.root) if tree.root is not None else None
    if body is None or tree.problem is not None or not (python or body.get("operator") is not None):
        return {}
    return dict(_told(TaskFile(DocumentFile(path, "yaml", unit, tree), body, _PYTHON if python else "")))


def _told(task: TaskFile) -> Iterator[tuple[tuple[str, str], object]]:
    folder, name = _folder(task.file.path), task.file.path.rpartition("/")[2]
    if name.startswith(("_", ".")):
        return
    for above in (folder, *_above(folder)):
        yield (TASK, above), task


def _folder(path: str) -> str:
    return path.rpartition("/")[0]


def _above(folder: str) -> Iterator[str]:
    for _ in range(_ABOVE):
        if folder.rpartition("/")[2].startswith(("_", ".")):
            return
        folder = _folder(folder)
        if not folder:
            return
        yield folder


# --- the DAG -------------------------------------------------------------------------------------


def _pipeline(file: DocumentFile, body: YamlMapping, folder: str) -> Pipeline | None:
    files = [each for each in file.ask(TASK, folder) if isinstance(each, TaskFile)]
    alone = body.get("ignore_subfolders")
    if isinstance(alone, Scalar) and alone.value is True:
        files = [each for each in files if _folder(each.file.path) == folder]
    files.sort(key=lambda each: each.file.path)
    if not files or not body.entries:
        return None
    calls = [each for each in file.ask(CALL, ALL) if isinstance(each, CallTold)]
    here = FolderTold(file.path, file.unit, body)
    whole = Layers((Place("METADATA.yml", Origin.PIPELINE, body, file.path, file.unit),), _perhaps(calls, "arguments"))
    tasks: list[Task] = []
    before: dict[str, list[str]] = {}
    groups: dict[str, list[str]] = {}
    for each in files:
        layers = _layers(file, each, here, folder, _perhaps(calls, "defaults"))
        for node, inner in _nodes(each):
            operator = scalar(inner.get("operator")) or scalar(each.body.get("operator")) or each.otherwise
            own = [Place("the task", Origin.HERE, part, each.file.path, each.file.unit) for part in _own(inner, each)]
            task = task_of(each.file, node, Layers((*own, *layers.places), layers.perhaps), whole, operator)
            tasks.append(replace(task, runs=_runs(each, task)))
            given = inner.get("dependencies") or each.body.get("dependencies")
            before[node.name] = [name for item in items(given) if (name := scalar(item))]
            for around in _around(each.file.path, folder):
                groups.setdefault(around.rpartition("/")[2], []).append(node.name)
    shared = body.own("default_args")
    return Pipeline(
        name=folder.rpartition("/")[2],
        loc=file.loc(text_span(body.entries[0].name)),
        system="airflow",
        noun="DAG",
        tasks=tuple(tasks),
        edges=_edges(before, groups),
        schedule=_schedule(file, body, whole, calls),
        shared=file.loc(text_span(shared.name)) if shared is not None else None,
        spread=True,
    )


def _nodes(task: TaskFile) -> Iterator[tuple[TaskNode, YamlMapping]]:
    """The task of a file, or the several of one that lists them."""
    listed = [
        (entry, mapping(entry.value))
        for key in ("multi_task_spec", "python_callable_partials")
        for entry in _entries(task.body.get(key))
    ]
    seen: set[str] = set()
    for entry, inner in listed:
        if entry.key is not None and inner is not None and entry.key not in seen:
            seen.add(entry.key)
            yield TaskNode(entry.key, entry.name, task.body, ""), inner
    if not listed:
        named = task.body.own("operator") or task.body.entries[0]
        said = scalar(task.body.get("task_id"))
        yield TaskNode(said or task.file.name, named.name, task.body, ""), task.body


def _entries(node: Node | None) -> tuple[Entry, ...]:
    found = resolved(node) if node is not None else None
    return found.entries if isinstance(found, YamlMapping) else ()


def _own(inner: YamlMapping, task: TaskFile) -> tuple[YamlMapping, ...]:
    return (inner,) if inner is task.body else (inner, task.body)


def _around(path: str, top: str) -> Iterator[str]:
    """The folders of groups around a file, the nearest first."""
    folder = _folder(path)
    while folder.startswith(top + "/"):
        yield folder
        folder = _folder(folder)


def _layers(file: DocumentFile, task: TaskFile, top: FolderTold, folder: str, perhaps: tuple[Place, ...]) -> Layers:
    """What is said for a task outside of its own file, the nearest first."""
    places: list[Place] = []
    for around in _around(task.file.path, folder):
        for told in file.ask(FOLDER, around):
            name = around.rpartition("/")[2]
            if isinstance(told, FolderTold):
                found = told.place(f"default_args of group {name}", Origin.TASK_GROUP, "default_args")
                places += [found] if found is not None else []
    own = top.place("METADATA.yml's default_args", Origin.DEFAULT_ARGS, "default_args")
    return Layers((*places, *([own] if own is not None else [])), perhaps)


_ANY: Final = (
    *("retries", "retry_delay", "retry_exponential_backoff", "execution_timeout", "on_failure_callback", "email"),
    *("mode", "deferrable", "timeout", "start_date"),
)


def _perhaps(calls: list[CallTold], which: str) -> tuple[Place, ...]:
    """What Python code may say beneath the metadata, which of its DAGs it says it for is not told."""
    found: list[Place] = []
    for call in calls:
        keys = call.arguments if which == "arguments" else call.defaults
        names = [Scalar(Span(0, 0), key) for key in sorted(_ANY if keys is None else keys)]
        body = YamlMapping(Span(0, 0), tuple(Entry(name.text, name, name) for name in names))
        found.append(Place("create_dag", Origin.DEFAULT_ARGS, body, "", 0))
    return tuple(found)


def _runs(task: TaskFile, made: Task) -> tuple[SqlFileRun | OtherRun, ...]:
    path = task.file.path
    if path.endswith(".sql"):
        return (SqlFileRun(path.rpartition("/")[2], (path,), made.whole, closed=True),)
    return tuple(run for run in made.runs if isinstance(run, (SqlFileRun, OtherRun)))


def _edges(before: Mapping[str, list[str]], groups: Mapping[str, list[str]]) -> Edges:
    pairs = {
        (one, name)
        for name, wanted in before.items()
        for each in wanted
        for one in ([each] if each in before else groups.get(each, ()))
        if one != name
    }
    return Edges(frozenset(pairs), Unknown("a folder may hold notebooks and other files that are tasks, too"))


def _schedule(file: DocumentFile, body: YamlMapping, whole: Layers, calls: list[CallTold]) -> Schedule:
    found = schedule_of(file, whole)
    if isinstance(found.text, Absent) and calls:
        found = replace(found, text=Unknown("create_dag may set it"))
    defaults = mapping(body.get("default_args"))
    given = body.get("start_date") or (defaults.get("start_date") if defaults is not None else None)
    node = resolved(given) if given is not None else None
    if not isinstance(node, Scalar):
        return found
    if node.tag in _MOVING:
        return replace(found, moving_start=file.loc(node.span), moving_start_text=node.span.of(file.text).strip())
    if node.template or "{{" in node.text:
        return found
    return replace(found, start=Known(node.text, file.loc(node.span)))
