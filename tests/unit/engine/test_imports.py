"""How files of a workspace find each other by import, and what follows from it."""

from __future__ import annotations

import pytest

from pipesense.engine.workspace import Workspace
from support.memory import ROOT, settle, workspace

HELPER = """\
import requests


def fetch():
    requests.post("https://example.org/orders", timeout=5)


def shared():
    return {"owner": "sales"%s}
"""

DAG = """\
from datetime import datetime

from airflow.providers.standard.operators.python import PythonOperator
from airflow.sdk import DAG
from %s import fetch, shared

with DAG("orders", schedule="@daily", start_date=datetime(2024, 1, 1), default_args=shared()):
    PythonOperator(task_id="fetch_orders", python_callable=fetch)
"""

LAYOUTS = {
    "packages": ("company.jobs.helper", "company/jobs/helper.py", ("company/__init__.py", "company/jobs/__init__.py")),
    "folders without __init__.py": ("company.jobs.helper", "company/jobs/helper.py", ()),
    "only the inner folder is a package": (
        "company.jobs.helper",
        "company/jobs/helper.py",
        ("company/jobs/__init__.py",),
    ),
    "below the DAGs' folder": ("jobs.helper", "dags/jobs/helper.py", ()),
    "beside the DAG": ("helper", "dags/helper.py", ()),
    "below src": ("company.helper", "src/company/helper.py", ()),
}


def retries(made: Workspace) -> list[str]:
    return [
        each.message.partition(",")[0]
        for each in made.findings(f"{ROOT}/dags/orders.py")
        if each.rule == "reliability/no-retries"
    ]


@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_function_is_found_however_its_folders_are_packaged(layout: str) -> None:
    name, path, packages = LAYOUTS[layout]
    made = workspace({"dags/orders.py": DAG % name, path: HELPER % "", **dict.fromkeys(packages, "")})
    settle(made)
    assert retries(made) == ["DAG orders: task fetch_orders touches the network or writes data"]


@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_change_over_there_reaches_those_who_import_it(layout: str) -> None:
    name, path, packages = LAYOUTS[layout]
    made = workspace({"dags/orders.py": DAG % name, path: HELPER % "", **dict.fromkeys(packages, "")})
    settle(made)
    assert retries(made)
    made.open(f"{ROOT}/{path}", HELPER % ', "retries": 3')
    settle(made)
    assert retries(made) == []


def test_files_of_one_name_are_kept_apart() -> None:
    quiet = "def fetch():\n    return 1\n\n\ndef shared():\n    return {}\n"
    made = workspace({"dags/orders.py": DAG % "b.helper", "a/helper.py": HELPER % "", "b/helper.py": quiet})
    settle(made)
    assert retries(made) == []


def test_what_hundreds_of_files_look_for_and_obey_is_there_once() -> None:
    loads = {f"dags/{folder}/load.py": "import common.helper\nimport airflow.models\n" for folder in "abc"}
    made = workspace({**loads, "common/helper.py": ""})
    made.index_all()
    around = made._surroundings
    paths = [f"{ROOT}/dags/{folder}/load.py" for folder in "abc"]
    keys = [around.looked_for(path, "common.helper") for path in paths]
    shared = ("file", f"{ROOT}/dags/common/helper.py")
    assert all(
        ("file", f"{path.rpartition('/')[0]}/common/helper.py") in each for path, each in zip(paths, keys, strict=True)
    )
    assert len({id(key) for each in keys for key in each if key == shared}) == 1
    assert len({id(around.config(path)) for path in paths}) == 1
    assert len({id(around.enabled(path)) for path in paths}) == 1


def test_a_module_that_is_nowhere_is_waited_for_by_its_name_alone() -> None:
    """Every place in which it does not stand would be a key: dozens for each import of a library."""
    made = workspace({"dags/team/load.py": "import airflow.models.dag\nDag = airflow.models.dag.DAG\nDag('a')\n"})
    made.index_all()
    path = f"{ROOT}/dags/team/load.py"
    assert made._surroundings.looked_for(path, "airflow.models.dag") == frozenset()
    reads = {key for (read, _), keys in made._index._reads.items() if read == path for key in keys}
    assert ("module", "dag") in reads
    assert {name for kind, name, *_ in reads if kind == "file"} <= {f"{ROOT}/dags/team/__init__.py"}


def test_settings_of_the_command_line_replace_what_is_shared() -> None:
    made = workspace({"dags/load.py": "import airflow.models\n"})
    path = f"{ROOT}/dags/load.py"
    before = made._surroundings.enabled(path)
    made.reconfigure({"ignore": ["reliability"]})
    after = made._surroundings.enabled(path)
    assert {each.partition("/")[0] for each in before - after} == {"reliability"}
