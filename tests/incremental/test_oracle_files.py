"""At rest, a workspace whose files came, went, moved and were edited says what a fresh one says.

Random scripts write, delete, rename, open, close and edit the files of a small project: pipelines, what they
import and run, settings, and files that pin versions. Several variants of each file make the steps matter.
"""

from __future__ import annotations

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from pipesense.engine.workspace import Workspace
from support.changing import REGISTRY, Project
from support.memory import ROOT, MemoryFiles, everything, settle


def dag(imports: str, arguments: str = "default_args", sql: str = '"sql/load.sql"') -> str:
    return (
        "from datetime import datetime\nfrom airflow.sdk import DAG\n"
        "from airflow.operators.python import PythonOperator\n"
        "from airflow.providers.common.sql.operators.sql import SQLExecuteQueryOperator\n"
        "from airflow.providers.postgres.operators.postgres import PostgresOperator\n"
        f"{imports}\n"
        'with DAG("orders", schedule="@daily", start_date=datetime(2024, 1, 1), catchup=True,'
        f" default_args={arguments}) as dag:\n"
        f'    load_orders = SQLExecuteQueryOperator(task_id="load", conn_id="w", sql={sql})\n'
        '    again = PostgresOperator(task_id="again", sql="sql/load.sql")\n'
        '    check = PythonOperator(task_id="check_orders", python_callable=load)\n'
        "    load_orders >> check\n"
    )


COMMON = [
    'N = 0\ndefault_args = {"retries": N}\ndef load():\n    pass\n',
    'N = 3\ndefault_args = {"retries": N}\ndef load():\n    pass\n',
    'from base import N\ndefault_args = {"retries": N}\ndef load():\n    raise ValueError\n',
    'default_args = {"owner": "x"}\ndef helper():\n    pass\ndef load():\n    helper()\n',
    'import requests\ndefault_args = make()\ndef helper():\n    requests.get("x")\ndef load():\n    helper()\n',
    "default_args = {}\ndef load(:\n",
]
SQL = [
    "INSERT INTO mart.orders (id) SELECT id FROM raw.orders WHERE x = NULL;\n",
    "DELETE FROM mart.orders;\nINSERT INTO mart.orders SELECT 1;\n",
    "INSERT INTO mart.orders SELECT `x` FROM raw.orders ON DUPLICATE KEY UPDATE x = 1;\n",
    "-- pipesense: ignore[security/dml-without-where]\nDELETE FROM mart.orders;\n",
    "CREATE TABLE mart.orders (id INT PRIMARY KEY, c INT FOREIGN KEY REFERENCES mart.c (id));\n",
    "SELECT ((;\nDELETE FROM mart.audit;\n",
    "BEGIN\n  DELETE FROM mart.orders;\n  INSERT INTO mart.orders SELECT 1 WHERE x = NULL;\nEND;\n",
    "CREATE PROCEDURE p() BEGIN DELETE FROM mart.audit; END;\nDELETE FROM mart.audit;\n",
]
SETTINGS = [
    "",
    'select = ["reliability"]\n',
    'exclude = ["dags/sql", "common.py"]\n',
    'dialect = "mysql"\n',
    'roles = {"dags/**" = "test"}\n',
    'severity = {reliability = "hint"}\n',
    'version = {airflow = "2.5"}\n',
    "broken[\n",
]
PINS = ["apache-airflow==2.5.0\n", "apache-airflow==3.0.1\n", "pandas\n"]
DAGS = [
    dag("from common import default_args, load"),
    dag("from .common import default_args, load", "{**default_args}"),
    dag("from dags.common import default_args, load", sql='"sql/other.sql"'),
    dag("import common\nload = common.load", "common.default_args"),
    dag("from common import *", '{"retries": 2}', sql='"DELETE FROM x; INSERT INTO mart.orders SELECT 1"'),
]
VARIANTS = {
    "dags/a.py": DAGS,
    "dags/b.py": DAGS,
    "dags/common.py": COMMON,
    "common.py": COMMON,
    "base.py": ["N = 0\n", "N = 3\n"],
    "dags/__init__.py": [""],
    "dags/sql/load.sql": SQL,
    "dags/sql/other.sql": SQL,
    "ddl.sql": SQL,
    "pipesense.toml": SETTINGS,
    "dags/pipesense.toml": SETTINGS,
    "requirements.txt": PINS,
}
STEPS = ["write", "write", "write", "delete", "rename", "open", "edit", "edit", "close"]
AFTER = ["nothing", "settle", "step", "analyse"]

names = st.sampled_from(sorted(VARIANTS))
numbers = st.integers(0, 100)
steps = st.tuples(st.sampled_from(STEPS), names, numbers, names, st.sampled_from(AFTER))


SHADOWED = {"common.py": 1, "dags/sql/load.sql": 0, "base.py": 0, "dags/pipesense.toml": 2, "dags/a.py": 0}
SHADOW = ("write", "dags/common.py", 0, "base.py", "nothing")
"""An excluded file that comes to stand before the one that is imported."""
NO_PACKAGE = [
    ("write", "common.py", 0, "base.py", "step"),
    ("delete", "dags/__init__.py", 0, "base.py", "nothing"),
]
"""A folder that is no package any more: what a relative import means there changes with the file's own name."""


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.dictionaries(names, numbers, min_size=5), st.booleans(), st.lists(steps, min_size=1, max_size=6))
@example(SHADOWED, False, [*(("write", "base.py", 0, "base.py", each) for each in ("nothing", "settle")), SHADOW])
@example({**SHADOWED, "dags/a.py": 1}, True, [("open", *SHADOW[1:])])
@example({"dags/a.py": 1, "dags/__init__.py": 0}, True, NO_PACKAGE)
def test_files_that_come_and_go_leave_nothing_behind(
    chosen: dict[str, int], first: bool, script: list[tuple[str, str, int, str, str]]
) -> None:
    project = Project(VARIANTS, {name: VARIANTS[name][at % len(VARIANTS[name])] for name, at in chosen.items()})
    if first:
        settle(project.made)
    for step, name, number, other, after in script:
        project.do(step, name, number, other)
        project.look(after, name)
    settle(project.made)
    assert everything(project.made) == everything(project.cold())


LOADS = "INSERT INTO mart.orders (id) SELECT id FROM raw.orders;\n"
FILES = {"dags/a.py": DAGS[0], "dags/common.py": COMMON[0], "dags/sql/load.sql": LOADS}


def rules(made: Workspace, name: str) -> list[str]:
    return [each.rule for each in made.findings(f"{ROOT}/{name}")]


def test_an_imported_file_that_changed_on_disk_is_read_anew() -> None:
    """Its units have the numbers that those of the old text had."""
    project = Project(VARIANTS, {**FILES, "dags/common.py": COMMON[3].replace("helper()", "pass")})
    settle(project.made)
    assert "reliability/no-retries" in rules(project.made, "dags/a.py")
    project.do("write", "dags/common.py", 1, "")
    settle(project.made)
    assert "reliability/no-retries" not in rules(project.made, "dags/a.py")


def test_a_new_file_counts_from_when_an_editor_shows_it() -> None:
    project = Project(VARIANTS, {name: text for name, text in FILES.items() if name != "dags/common.py"})
    settle(project.made)
    before = everything(project.made)[f"{ROOT}/dags/sql/load.sql"]
    project.made.open(f"{ROOT}/dags/common.py", COMMON[1])
    settle(project.made)
    assert "3 retries" in str(everything(project.made)[f"{ROOT}/dags/sql/load.sql"])
    assert "3 retries" not in str(before)


def test_exclude_holds_from_when_it_is_written_until_it_is_taken_back() -> None:
    project = Project(VARIANTS, FILES)
    settle(project.made)
    assert rules(project.made, "dags/sql/load.sql")
    project.do("write", "pipesense.toml", 2, "")
    settle(project.made)
    assert f"{ROOT}/dags/sql/load.sql" not in project.made.paths()
    assert not rules(project.made, "dags/sql/load.sql")
    project.do("write", "pipesense.toml", 0, "")
    settle(project.made)
    assert rules(project.made, "dags/sql/load.sql")


def test_an_excluded_file_is_read_for_those_who_import_it_and_judged_when_somebody_names_it() -> None:
    project = Project(
        VARIANTS,
        {**FILES, "dags/common.py": f"{COMMON[1]}\nx = (a.end - a.start).hours\n"}
        | {"pipesense.toml": 'exclude = ["dags/common.py"]\n'},
    )
    settle(project.made)
    assert "reliability/no-retries" not in rules(project.made, "dags/a.py")
    assert f"{ROOT}/dags/common.py" not in project.made.paths()
    project.made.analyse(f"{ROOT}/dags/common.py")
    assert f"{ROOT}/dags/common.py" in project.made.paths()


def test_an_excluded_file_counts_for_those_who_import_it_from_when_it_is_there() -> None:
    without = {name: text for name, text in FILES.items() if name != "dags/common.py"}
    project = Project(VARIANTS, {**without, "pipesense.toml": 'exclude = ["dags/common.py"]\n'})
    settle(project.made)
    project.do("write", "dags/common.py", 1, "")
    settle(project.made)
    assert everything(project.made) == everything(project.cold())
    assert "3 retries" in str(everything(project.made)[f"{ROOT}/dags/sql/load.sql"])


def test_an_excluded_file_is_imported_instead_of_the_one_that_was_found_before_it_came() -> None:
    without = {name: text for name, text in FILES.items() if name != "dags/common.py"}
    project = Project(VARIANTS, {**without, "common.py": COMMON[1], "dags/pipesense.toml": 'exclude = ["common.py"]\n'})
    settle(project.made)
    assert "3 retries" in str(everything(project.made)[f"{ROOT}/dags/sql/load.sql"])
    for number in (0, 1):
        project.do("write", "dags/common.py", number, "")
        settle(project.made)
        assert everything(project.made) == everything(project.cold())
        assert ("3 retries" in str(everything(project.made))) is bool(number)
    project.do("write", "dags/common.py", 0, "")
    project.do("delete", "dags/common.py", 0, "")
    settle(project.made)
    assert everything(project.made) == everything(project.cold())


def test_an_excluded_file_is_imported_from_when_an_editor_shows_it() -> None:
    without = {name: text for name, text in FILES.items() if name != "dags/common.py"}
    project = Project(VARIANTS, {**without, "common.py": COMMON[1], "dags/pipesense.toml": 'exclude = ["common.py"]\n'})
    settle(project.made)
    project.do("open", "dags/common.py", 0, "")
    settle(project.made)
    assert everything(project.made) == everything(project.cold())
    assert "3 retries" not in str(everything(project.made))


def test_an_excluded_init_file_tells_the_names_of_the_modules_beside_it() -> None:
    above = dag("from ..common import default_args, load")
    project = Project(VARIANTS, {**FILES, "dags/a.py": above, "dags/pipesense.toml": 'exclude = ["__init__.py"]\n'})
    settle(project.made)
    for step in ("write", "delete"):
        before = everything(project.made)
        project.do(step, "dags/__init__.py", 0, "")
        settle(project.made)
        assert everything(project.made) == everything(project.cold()) != before


def test_a_folder_that_is_gone_takes_its_files_along() -> None:
    project = Project(VARIANTS, FILES)
    settle(project.made)
    del project.disk[f"{ROOT}/dags/sql/load.sql"]
    assert project.made.touched([f"{ROOT}/dags/sql"]) == {f"{ROOT}/dags/sql/load.sql"}
    settle(project.made)
    assert everything(project.made) == everything(project.cold())


def test_a_file_that_version_control_ignores_is_not_read_when_it_changes() -> None:
    class Ignoring(MemoryFiles):
        def hides(self, root: str, path: str) -> bool:
            return "/.venv/" in path

    made = Workspace(REGISTRY, Ignoring({f"{ROOT}/.venv/a.sql": "DELETE FROM a;\n"}), print, roots=[])
    made.add_root(ROOT + "/none")
    made.add_root(ROOT)
    made.remove_root(ROOT + "/none")
    made._unlisted.clear()
    made.touched([f"{ROOT}/.venv/a.sql"])
    made.index_all()
    assert made.paths() == ()


def test_tasks_of_one_file_that_disagree_on_a_dialect_leave_it_open() -> None:
    text = (
        "from airflow.sdk import DAG\n"
        "from airflow.providers.postgres.operators.postgres import PostgresOperator\n"
        "from airflow.providers.mysql.operators.mysql import MySqlOperator\n"
        'with DAG("orders") as dag:\n'
        '    PostgresOperator(task_id="one", sql="load.sql")\n'
    )
    project = Project(VARIANTS, {"a.py": text, "load.sql": LOADS})
    settle(project.made)
    one = project.made.dialect(f"{ROOT}/load.sql", 0)
    project.disk[f"{ROOT}/a.py"] = text + '    MySqlOperator(task_id="two", sql="load.sql")\n'
    project.made.touched([f"{ROOT}/a.py"])
    settle(project.made)
    both = project.made.dialect(f"{ROOT}/load.sql", 0)
    assert one is not None and one[0] == "postgres"
    assert both is not None and both[0] == ""
