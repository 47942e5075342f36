"""New tests for a pipeline: that its files load, that a load can run twice, what a function makes of its input."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from pipesense.engine.checks.forms import project_folder
from pipesense.engine.features.scaffold import Scaffold, function_of, identifier, written_by
from pipesense.engine.project import Surroundings
from pipesense.engine.record import FileRecord
from pipesense.engine.report import BuiltFix, FixOffer
from pipesense.lang.python.syntax import parse_unit
from pipesense.model.change import Refusal
from pipesense.model.flow import CallableRun, Pipeline, Task
from pipesense.model.value import Version, known
from pipesense.model.where import Loc
from pipesense.rule.finding import Applicability
from pipesense.text.span import Span

_RULE: Final = "testing/scaffold"
_FOLDERS: Final = ("tests", "test")
_SYSTEMS: Final = ("airflow", "prefect", "dagster")
_KEPT_BY: Final = ("conftest.py", "__init__.py")
"""Files by which a folder of tests is known without listing it."""


@dataclass(frozen=True, slots=True)
class Scaffolds:
    """``record_of`` gives a file with all its facts, None where it cannot be read."""

    record_of: Callable[[str], FileRecord | None]
    surroundings: Surroundings

    def offers(self, path: str, span: Span) -> tuple[Scaffold, ...]:
        """The tests that are not there yet for the pipeline or the task whose name stands at a place."""
        record = self.record_of(path)
        if record is None or not path.endswith(".py"):
            return ()
        for pipeline in record.pipelines:
            if pipeline.system not in _SYSTEMS:
                continue
            touched = [task for task in pipeline.tasks if _touches(record, task.loc, span)]
            if touched or _touches(record, pipeline.loc, span):
                made = self._made(record, pipeline, touched)
                return tuple(each for each in made if not self._is_there(each.path))
        return ()

    def build(self, offer_id: str, path: str) -> BuiltFix | Refusal:
        """The new file of an offer made for ``path``, or why there is none any more."""
        record = self.record_of(path)
        for pipeline in record.pipelines if record is not None else ():
            for each in self._made(record, pipeline, list(pipeline.tasks)) if record is not None else ():
                if each.id != offer_id:
                    continue
                if self._is_there(each.path):
                    return Refusal(f"there is a file {each.path.rpartition('/')[2]} already")
                if parse_unit(0, "statement", each.text).problem is not None:
                    return Refusal("a name in this file does not fit into a test")
                return BuiltFix(FixOffer(each.id, each.title, Applicability.UNSAFE, _RULE), {}, {each.path: each.text})
        return Refusal("the pipeline is not there any more")

    # --- what can be written ---------------------------------------------------------------------

    def _made(self, record: FileRecord, pipeline: Pipeline, tasks: list[Task]) -> Iterator[Scaffold]:
        home = project_folder(self.surroundings, record.path)
        if not record.path.startswith(home + "/"):
            return
        folder = self._test_folder(home)
        if pipeline.system != "airflow":
            from pipesense.engine.features.scaffolds_of_code import of_assets, of_flow, place_of

            place = place_of(home, folder, record)
            if place is not None:
                of = of_flow if pipeline.system == "prefect" else of_assets
                yield from of(record, pipeline, tasks, place)
            return
        from pipesense.systems.airflow import scaffold

        parts = tuple(record.path[len(home) + 1 :].split("/"))
        version = record.linked.versions.get("airflow", Version())
        yield Scaffold(
            f"integrity\n{pipeline.name}",
            "Write a test that every DAG loads",
            f"{home}/{folder}/test_dag_integrity.py",
            scaffold.integrity(_dag_folder(parts), 1, version),
        )
        for task in tasks:
            yield from self._of_task(record, pipeline, task, f"{home}/{folder}", parts, version)

    def _of_task(
        self, record: FileRecord, pipeline: Pipeline, task: Task, folder: str, parts: tuple[str, ...], version: Version
    ) -> Iterator[Scaffold]:
        from pipesense.systems.airflow import scaffold

        connection, table = known(task.connection), written_by(task)
        name = identifier(task.name)
        if connection and table is not None and not task.mapped and _is_sql(task):
            yield Scaffold(
                f"rerun\n{pipeline.name}\n{task.name}",
                f"Write a test that runs {task.name} twice",
                f"{folder}/test_{name}_twice.py",
                scaffold.rerun(
                    parts, 1, version, dag=pipeline.name, task=task.name, table=str(table), connection=connection
                ),
            )
        function = function_of(record, task)
        if function is not None:
            bare = f"{function.name}.function" if function.decorator_list else function.name
            yield Scaffold(
                f"cases\n{pipeline.name}\n{task.name}",
                f"Write a test of what {function.name} makes of its input",
                f"{folder}/test_{function.name}.py",
                scaffold.transformation(
                    parts,
                    1,
                    function=function.name,
                    call=bare,
                    arguments=tuple(each.arg for each in function.args.args),
                ),
            )

    def _test_folder(self, home: str) -> str:
        exists = self.surroundings.files.exists
        return next((name for name in _FOLDERS if any(exists(f"{home}/{name}/{each}") for each in _KEPT_BY)), "tests")

    def _is_there(self, path: str) -> bool:
        return self.surroundings.known(path) or self.surroundings.files.exists(path)


def _touches(record: FileRecord, loc: Loc, span: Span) -> bool:
    if loc.file != record.path:
        return False
    where = record.document.file_span(loc)
    return where is not None and where.start <= span.end and span.start <= where.end


def _dag_folder(parts: tuple[str, ...]) -> tuple[str, ...]:
    """The folder of DAGs that holds a file: the innermost one that is called so, else the file's own."""
    for at in range(len(parts) - 2, -1, -1):
        if parts[at].lower() == "dags":
            return parts[: at + 1]
    return parts[:-1]


def _is_sql(task: Task) -> bool:
    return bool(task.runs) and not any(isinstance(run, CallableRun) for run in task.runs)
