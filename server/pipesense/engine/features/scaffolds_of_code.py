"""New tests for flows of Prefect and assets of Dagster: that files load, runs end well and twice is as good as once."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from pipesense.engine.features.scaffold import Scaffold, function_of, identifier, written_by
from pipesense.engine.record import FileRecord
from pipesense.lang.python.module import FunctionNode, Module
from pipesense.lang.python.reading_back import ReadBack, read_back
from pipesense.model.flow import CallableRun, Pipeline, Task
from pipesense.systems.scaffold_cases import cases


@dataclass(frozen=True, slots=True)
class Place:
    """Where a new test stands and what it imports: ``root`` and ``folder`` are parts below the project's folder."""

    folder: str
    """The folder of tests, absolute."""
    up: int
    root: tuple[str, ...]
    home: tuple[str, ...]
    """The folder of the file, below ``root``."""
    module: str


def place_of(project: str, tests: str, record: FileRecord) -> Place | None:
    """None where the file has no name under which a test could import it."""
    module = record.linked.module
    parts = record.path[len(project) + 1 :].removesuffix(".py").split("/")
    names = module.split(".") if module else []
    if not names or parts[-len(names) :] != names:
        return None
    return Place(f"{project}/{tests}", 1, tuple(parts[: -len(names)]), tuple(names[:-1]), module)


def of_flow(record: FileRecord, pipeline: Pipeline, tasks: Sequence[Task], place: Place) -> Iterator[Scaffold]:
    """The tests of a Prefect flow and of the tasks in question."""
    from pipesense.systems.prefect import scaffold

    yield Scaffold(
        f"integrity\n{pipeline.name}",
        "Write a test that every flow file loads",
        f"{place.folder}/test_flows_load.py",
        scaffold.loads(place.up, place.root, place.home),
    )
    flow = _flow_function(record, pipeline)
    if flow is not None:
        needs, waits = _needs(flow), isinstance(flow, ast.AsyncFunctionDef)
        yield Scaffold(
            f"run\n{pipeline.name}",
            f"Write a test that runs flow {pipeline.name}",
            f"{place.folder}/test_{identifier(flow.name)}_flow.py",
            scaffold.run(place.up, place.root, place.module, flow=flow.name, needs=needs, waits=waits),
        )
        for task in tasks:
            back = _read_back(record, task)
            if back is not None:
                yield Scaffold(
                    f"rerun\n{pipeline.name}\n{task.name}",
                    f"Write a test that runs {task.name} twice",
                    f"{place.folder}/test_{identifier(task.name)}_twice.py",
                    scaffold.twice(
                        place.up,
                        place.root,
                        place.module,
                        flow=flow.name,
                        needs=needs,
                        waits=waits,
                        table=str(written_by(task)),
                        imports=back.imports,
                        read=back.body,
                    ),
                )
    for task in tasks:
        function = function_of(record, task)
        if function is not None:
            call = f"{function.name}.fn(**given)"
            yield _cases(pipeline, task, function, place, _arguments(function), call, ())


def of_assets(record: FileRecord, pipeline: Pipeline, tasks: Sequence[Task], place: Place) -> Iterator[Scaffold]:
    """The tests of the assets and ops of a Dagster file."""
    from pipesense.systems.dagster import scaffold

    yield Scaffold(
        "integrity\ndagster",
        "Write a test that every asset file loads",
        f"{place.folder}/test_definitions.py",
        scaffold.loads(place.up, place.root, place.home),
    )
    for task in tasks:
        back = _read_back(record, task) if "asset" in task.kind else None
        if back is not None:
            yield Scaffold(
                f"rerun\n{pipeline.name}\n{task.name}",
                f"Write a test that materializes {task.name} twice",
                f"{place.folder}/test_{identifier(task.name)}_twice.py",
                scaffold.twice(
                    place.up,
                    place.root,
                    place.module,
                    asset=task.name,
                    assets=[*sorted(pipeline.edges.upstream(task.name)), task.name],
                    table=str(written_by(task)),
                    imports=back.imports,
                    read=back.body,
                ),
            )
        function = function_of(record, task)
        if function is not None:
            given = _arguments(function)
            context = given[:1] == ["context"]
            made = "dg.build_asset_context()" if "asset" in task.kind else "dg.build_op_context()"
            call = f"{function.name}({made}, **given)" if context else f"{function.name}(**given)"
            imports = ("import dagster as dg",) if context else ()
            yield _cases(pipeline, task, function, place, given[context:], call, imports)


def _cases(
    pipeline: Pipeline,
    task: Task,
    function: FunctionNode,
    place: Place,
    arguments: Sequence[str],
    call: str,
    imports: Sequence[str],
) -> Scaffold:
    text = cases(
        place.up,
        place.root,
        place.module,
        function=function.name,
        call=call,
        arguments=arguments,
        imports=imports,
    )
    return Scaffold(
        f"cases\n{pipeline.name}\n{task.name}",
        f"Write a test of what {function.name} makes of its input",
        f"{place.folder}/test_{function.name}.py",
        text,
    )


def _flow_function(record: FileRecord, pipeline: Pipeline) -> FunctionNode | None:
    """The function of the file's top level that a flow is made of."""
    name = record.document.text_of(pipeline.loc)
    for unit in record.document.units:
        for node in unit.parsed.body if unit.parsed is not None else ():
            if isinstance(node, FunctionNode) and node.name == name and node.decorator_list:
                return node
    return None


def _needs(function: FunctionNode) -> list[str]:
    """The parameters that have no default."""
    given = function.args
    positional = [*given.posonlyargs, *given.args]
    bare = positional[: len(positional) - len(given.defaults)]
    bare += [each for each, value in zip(given.kwonlyargs, given.kw_defaults, strict=True) if value is None]
    return [each.arg for each in bare]


def _arguments(function: FunctionNode) -> list[str]:
    return [each.arg for each in (*function.args.args, *function.args.kwonlyargs)]


def _read_back(record: FileRecord, task: Task) -> ReadBack | None:
    """How a test reads the one table that a task writes."""
    table = written_by(task)
    module = record.memo.last if record.memo is not None else None
    scopes = [run.scope for run in task.runs if isinstance(run, CallableRun)]
    if table is None or task.mapped or len(scopes) != 1 or not isinstance(module, Module):
        return None
    return read_back(module, scopes[0], str(table), "pipeline")
