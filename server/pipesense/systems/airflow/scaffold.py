"""The texts of tests for DAGs, for the Airflow that a file runs on.

``DagBag`` stands in ``airflow.models.dagbag`` up to Airflow 3.1 and in ``airflow.dag_processing.dagbag`` from 3.2 on
(seen on 2.11.2 and 3.3.2); ``tests/frameworks/airflow/test_airflow_scaffolds.py`` runs what is written here.
"""

from __future__ import annotations

from typing import Final

from pipesense.model.value import Version

_MOVED: Final = (3, 2)

_INTEGRITY: Final = '''"""Every DAG file of this project can be loaded, and every DAG has tasks."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

os.environ.setdefault("AIRFLOW__CORE__LOAD_EXAMPLES", "False")

{dagbag}

DAGS = Path(__file__).resolve().parent{up} / {folder}


@pytest.fixture(scope="module")
def dag_bag() -> DagBag:
    return DagBag(dag_folder=str(DAGS))


def test_every_dag_file_loads(dag_bag: DagBag) -> None:
    assert dag_bag.import_errors == {{}}


def test_there_are_dags_and_each_has_tasks(dag_bag: DagBag) -> None:
    assert dag_bag.dags
    assert [dag_id for dag_id, dag in dag_bag.dags.items() if not dag.tasks] == []
'''

_NEW: Final = "from airflow.dag_processing.dagbag import DagBag  # noqa: E402"
_OLD: Final = "from airflow.models.dagbag import DagBag  # noqa: E402"
_EITHER: Final = """try:
    from airflow.dag_processing.dagbag import DagBag
except ImportError:  # Airflow before 3.2
    from airflow.models.dagbag import DagBag"""

_RERUN: Final = '''"""Running {task} twice leaves the same rows as running it once.

It runs on the connection {connection} of a database for tests, given by {variable}. {table} is written to.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

os.environ.setdefault("AIRFLOW__CORE__LOAD_EXAMPLES", "False")

{dagbag}

DAG_FILE = Path(__file__).resolve().parent{up} / {file}
RUN = {{"ds": "2024-01-01", "ds_nodash": "20240101", "ts": "2024-01-01T00:00:00+00:00", "params": {{}}}}

pytestmark = pytest.mark.skipif({quoted} not in os.environ, reason="set {variable} to a database for tests")


def run_once() -> list[tuple]:
    """Run the task for one day; all rows of the table afterwards, in a fixed order."""
    task = DagBag(dag_folder=str(DAG_FILE)).dags[{dag}].get_task({task_id})
    task.render_template_fields(dict(RUN))
    task.execute(dict(RUN))
    rows = task.get_db_hook().get_records("SELECT * FROM {table}")
    return sorted(rows, key=repr)


def test_a_second_run_changes_nothing() -> None:
    once = run_once()
    assert once, "the run loaded nothing, so that this test would say nothing"
    assert run_once() == once
'''

_TRANSFORMATION: Final = '''"""What {function} makes of its input."""

from __future__ import annotations

import importlib.util
import os
from pathlib import Path
from types import ModuleType

import pytest

os.environ.setdefault("AIRFLOW__CORE__LOAD_EXAMPLES", "False")

FILE = Path(__file__).resolve().parent{up} / {file}


@pytest.fixture(scope="module")
def pipeline() -> ModuleType:
    spec = importlib.util.spec_from_file_location(FILE.stem, FILE)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


# One line for each case: what goes in, and what has to come out.
CASES: list[tuple[dict, object]] = [
    # ({arguments}, expected),
]


def test_there_are_cases() -> None:
    assert CASES, "write down what {function} has to make of an input"


@pytest.mark.parametrize(("given", "expected"), CASES)
def test_{function}(pipeline: ModuleType, given: dict, expected: object) -> None:
    assert pipeline.{call}(**given) == expected
'''


def integrity(folder: tuple[str, ...], up: int, version: Version) -> str:
    """A test that loads every DAG file below ``folder``, which lies ``up`` folders above the test's own."""
    return _INTEGRITY.format(dagbag=_dagbag(version), up=".parent" * up, folder=_joined(folder))


def rerun(file: tuple[str, ...], up: int, version: Version, *, dag: str, task: str, table: str, connection: str) -> str:
    """A test that runs a task with SQL twice on a database for tests."""
    variable = f"AIRFLOW_CONN_{connection.upper()}"
    return _RERUN.format(
        dagbag=_dagbag(version),
        up=".parent" * up,
        file=_joined(file),
        dag=f'"{dag}"',
        task=task,
        task_id=f'"{task}"',
        table=table,
        connection=connection,
        variable=variable,
        quoted=f'"{variable}"',
    )


def transformation(file: tuple[str, ...], up: int, *, function: str, call: str, arguments: tuple[str, ...]) -> str:
    """A table of cases for a function that a task runs; ``call`` is how the bare function is reached."""
    given = "{" + ", ".join(f'"{name}": ...' for name in arguments) + "}"
    return _TRANSFORMATION.format(up=".parent" * up, file=_joined(file), function=function, call=call, arguments=given)


def _dagbag(version: Version) -> str:
    if version.number[:1] == (2,):
        return _OLD
    if len(version.number) > 1 and version.number >= _MOVED:
        return _NEW
    return _EITHER


def _joined(parts: tuple[str, ...]) -> str:
    return " / ".join(f'"{part}"' for part in parts)
