"""At rest, what is said of tables, views, models and streams that came, changed and went is what a fresh look says.

Like test_oracle_files.py, over files that define relations for one another: tables that are altered, views over views,
dbt models and seeds, Flink's sources and sinks.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from support.changing import Project
from support.memory import ROOT, everything, settle, workspace

TABLES = [
    "CREATE TABLE raw.orders (id BIGINT PRIMARY KEY, amount INT, customer_id BIGINT NOT NULL);\n",
    "CREATE TABLE raw.orders (id BIGINT, amount FLOAT, customer_id BIGINT);\n",
    "CREATE TABLE raw.orders (id BIGINT NOT NULL UNIQUE, customer_id BIGINT, gone INT);\n",
    "CREATE TABLE orders (id BIGINT, amount INT, customer_id BIGINT);\n",
    "CREATE TABLE raw.orders (id BIGINT, amount INT) PARTITION;;;\n",
    "CREATE TABLE mart.orders (id BIGINT PRIMARY KEY, amount INT);\nCREATE TABLE raw.customers (id BIGINT, name TEXT);\n",
]
ALTERS = [
    "ALTER TABLE raw.orders ADD COLUMN amount2 INT;\n",
    "ALTER TABLE raw.orders DROP COLUMN amount;\n",
    "ALTER TABLE raw.orders RENAME COLUMN amount TO paid;\n",
    "ALTER TABLE raw.orders ADD PRIMARY KEY (id);\n",
    "ALTER TABLE raw.orders RENAME TO raw.old_orders;\n",
    "DROP TABLE raw.orders;\n",
]
VIEWS = [
    "CREATE VIEW mart.paid AS SELECT * FROM raw.orders;\n",
    "CREATE VIEW mart.paid AS SELECT o.id, o.amount AS paid FROM raw.orders AS o;\n",
    "CREATE VIEW mart.paid (a, b) AS SELECT id, amount FROM mart.more;\n",
    "CREATE TABLE mart.paid AS SELECT id, sum(amount) AS amount FROM raw.orders GROUP BY id;\n",
    "CREATE VIEW mart.paid AS SELECT * FROM mart.more;\n",
]
MORE = [
    "CREATE VIEW mart.more AS SELECT * FROM mart.paid;\n",
    "CREATE VIEW mart.more AS SELECT p.id, p.amount, c.name FROM mart.paid AS p JOIN raw.customers AS c ON c.id = p.id;\n",
    "CREATE VIEW mart.more AS SELECT id, amount FROM {{ source }};\n",
    "INSERT INTO mart.orders SELECT * FROM mart.paid;\n",
]
READERS = [
    "SELECT m.id, m.amount, m.name FROM mart.more AS m;\nSELECT p.amount FROM mart.paid AS p WHERE p.nothing = 1;\n",
    "SELECT o.amount, o.paid FROM raw.orders AS o WHERE o.id NOT IN (SELECT customer_id FROM raw.orders);\n",
    "INSERT INTO mart.orders SELECT id FROM mart.paid;\n",
    "INSERT INTO mart.orders SELECT * FROM raw.orders;\n",
    "INSERT INTO raw.orders (id, nothing) VALUES (1, 2);\nUPDATE raw.orders SET gone = 1 WHERE id = 1;\n",
    "SELECT sum(o.amount) / count(*), a.amount FROM raw.orders o JOIN mart.paid a ON a.id = o.id GROUP BY a.amount;\n",
]
DAGS = [
    f"""
from airflow import DAG
from airflow.providers.common.sql.operators.sql import SQLExecuteQueryOperator
from airflow.providers.postgres.hooks.postgres import PostgresHook

MADE = "CREATE TABLE mart.made (id BIGINT, amount INT)"
hook = PostgresHook(postgres_conn_id="{third}")
with DAG("load", schedule="@daily"):
    make = SQLExecuteQueryOperator(task_id="make", conn_id="{first}", sql=MADE)
    more = SQLExecuteQueryOperator(task_id="more", conn_id="{second}", sql={text})
    read = SQLExecuteQueryOperator(task_id="read", conn_id="{second}", sql="SELECT m.gone FROM mart.made AS m")
rows = hook.get_records("SELECT m.missing FROM mart.made AS m")
"""
    for first, second, third, text in (
        ("results", "results", "results", "'SELECT 1'"),
        ("results", "source", "source", "'SELECT 1'"),
        ("results", "source", "source", "MADE"),
        ("source", "source", "results", "MADE"),
    )
]
PROJECTS = ["name: shop\nprofile: shop\n", 'name: shop\nmodel-paths: ["staging"]\nseed-paths: ["data"]\n']
PROFILES = [
    "shop:\n  outputs:\n    dev:\n      type: postgres\n",
    "shop:\n  outputs:\n    dev:\n      type: bigquery\n",
]
STAGING = [
    "select id, amount from {{ ref('countries') }}\n",
    "select * from {{ ref('countries') }}\n",
    "select code, name from {{ ref('other') }}\n",
    "select 1 as code, {{ x }} as name\n",
]
MODELS = [
    "select s.code, s.name from {{ ref('staging') }} as s\n",
    "select s.nothing from {{ ref('staging') }} as s\n",
    "select c.code, c.id from {{ ref('countries') }} as c\n",
    "select * from {{ ref('countries') }}\nunion all\nselect code from {{ ref('staging') }}\n",
]
SEEDS = ["code,name\nPT,Portugal\n", "id,amount\n1,2\n", "code,,\n"]
SOURCES = [
    "CREATE TABLE clicks (id INT, at TIMESTAMP(3), WATERMARK FOR at AS at - INTERVAL '5' SECOND) WITH ('connector' = 'kafka');\n",
    "CREATE TABLE clicks (id INT, at TIMESTAMP(3)) WITH ('connector' = 'datagen');\n",
    "CREATE TABLE clicks (id INT, at TIMESTAMP(3)) WITH ('connector' = 'kafka', 'topic' = 't', "
    "'properties.bootstrap.servers' = 'b', 'format' = 'json');\n",
    "CREATE TABLE clicks (id INT, at TIMESTAMP(3), PRIMARY KEY (id) NOT ENFORCED) WITH ('connector' = 'jdbc');\n",
    "CREATE TABLE clicks (id INT) PARTITIONED;\n",
]
STREAMS = [
    "SET 'table.exec.state.ttl' = '1 h';\nINSERT INTO sink SELECT id, count(*) FROM clicks GROUP BY id;\n",
    "-- pipesense: dialect=flink\nINSERT INTO sink SELECT id, count(*) FROM clicks GROUP BY id;\n",
    "-- pipesense: dialect=flink\nSELECT id, count(*) FROM TABLE(TUMBLE(TABLE clicks, DESCRIPTOR(at), INTERVAL '1' MINUTE))"
    " GROUP BY id, window_start, window_end;\n",
    "-- pipesense: dialect=flink\nSELECT id, count(*) FROM clicks GROUP BY id, TUMBLE(at, INTERVAL '1' MINUTE);\n",
    "-- pipesense: dialect=flink\nSELECT a.id FROM clicks AS a JOIN clicks AS b ON a.id = b.id;\n",
    "CREATE VIEW seen AS SELECT id, at FROM clicks;\n-- flink\nSELECT s.nothing FROM seen AS s;\n",
]
WAREHOUSE: Mapping[str, Sequence[str]] = {
    "ddl/a.sql": TABLES,
    "ddl/b.sql": TABLES,
    "ddl/c.sql": ALTERS,
    "ddl/z.sql": ALTERS,
    "views/paid.sql": VIEWS,
    "views/paid2.sql": VIEWS,
    "views/more.sql": MORE,
    "read.sql": READERS,
    "again.sql": READERS,
    "dags/load.py": DAGS,
    "dags/again.py": DAGS,
    "pipesense.toml": ["", 'dialect = "postgres"\n', 'exclude = ["ddl/**"]\n', 'exclude = ["views/more.sql"]\n'],
}
DBT: Mapping[str, Sequence[str]] = {
    "dbt_project.yml": PROJECTS,
    "profiles.yml": PROFILES,
    "models/staging.sql": STAGING,
    "models/other.sql": STAGING,
    "staging/staging.sql": STAGING,
    "models/mart.sql": MODELS,
    "staging/mart.sql": MODELS,
    "models/deep/mart.sql": MODELS,
    "seeds/countries.csv": SEEDS,
    "data/countries.csv": SEEDS,
    "sub/dbt_project.yml": PROJECTS,
    "sub/models/staging.sql": STAGING,
    "sub/models/mart.sql": MODELS,
}
STREAMING: Mapping[str, Sequence[str]] = {
    "sources/clicks.sql": SOURCES,
    "sources/more.sql": SOURCES,
    "jobs/a.sql": STREAMS,
    "jobs/b.sql": STREAMS,
    "pipesense.toml": [
        "",
        'dialect = "flink"\n',
        '[dialect]\n"jobs/**" = "flink"\n',
        'exclude = ["sources/more.sql"]\n',
    ],
}
KINDS = {"warehouse": WAREHOUSE, "dbt": DBT, "streams": STREAMING}
STEPS = ["write", "write", "write", "delete", "rename", "open", "edit", "edit", "close"]
AFTER = ["nothing", "settle", "step", "analyse"]


@pytest.mark.parametrize("kind", sorted(KINDS))
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_relations_that_come_and_go_leave_nothing_behind(kind: str, data: st.DataObject) -> None:
    variants = KINDS[kind]
    names, numbers = st.sampled_from(sorted(variants)), st.integers(0, 100)
    chosen = data.draw(st.dictionaries(names, numbers, min_size=3), label="files")
    project = Project(variants, {name: variants[name][at % len(variants[name])] for name, at in chosen.items()})
    if data.draw(st.booleans(), label="read before"):
        settle(project.made)
    step = st.tuples(st.sampled_from(STEPS), names, numbers, names, st.sampled_from(AFTER))
    for what, name, number, other, after in data.draw(st.lists(step, min_size=1, max_size=6), label="script"):
        project.do(what, name, number, other)
        project.look(after, name)
    settle(project.made)
    assert everything(project.made) == everything(project.cold())


@pytest.mark.parametrize(
    ("kind", "files", "rule"),
    [
        ("warehouse", {"ddl/a.sql": 0, "again.sql": 1}, "schema/unknown-column"),
        ("warehouse", {"ddl/a.sql": 0, "ddl/b.sql": 5, "again.sql": 3}, "schema/column-count-mismatch"),
        ("warehouse", {"ddl/a.sql": 0, "views/paid.sql": 0, "read.sql": 0}, "schema/unknown-column"),
        ("warehouse", {"dags/load.py": 3, "dags/again.py": 1}, "schema/unknown-column"),
        ("dbt", {"dbt_project.yml": 0, "seeds/countries.csv": 0, "models/staging.sql": 1, "models/mart.sql": 1},
         "schema/unknown-column"),
        ("streams", {"sources/clicks.sql": 2, "jobs/a.sql": 1}, "streaming/unbounded-state"),
    ],
)  # fmt: skip
def test_what_is_said_rests_on_other_files(kind: str, files: dict[str, int], rule: str) -> None:
    """Else the random scripts would compare nothing with nothing."""
    variants = KINDS[kind]
    project = Project(variants, {name: variants[name][at] for name, at in files.items()})
    settle(project.made)
    last = list(files)[-1]
    assert rule in str(everything(project.made)[f"{ROOT}/{last}"])
    project.do("delete", next(name for name in files if name.endswith((".sql", ".csv", "load.py"))), 0, last)
    settle(project.made)
    assert rule not in str(everything(project.made)[f"{ROOT}/{last}"])


def test_a_project_inside_another_does_not_keep_that_from_being_worked_out() -> None:
    texts = {name: DBT[name][0] for name in ("data/countries.csv", "dbt_project.yml", "models/deep/mart.sql")}
    project = Project(DBT, texts)
    for name in ("sub/dbt_project.yml", "dbt_project.yml"):
        project.do("write", name, 0, name)
    settle(project.made)
    assert "lineage/ref-missing" in str(everything(project.made)[f"{ROOT}/models/deep/mart.sql"])
    assert everything(project.made) == everything(project.cold())


def test_nothing_is_said_of_a_file_that_is_left_out_once_the_editor_gave_it_back() -> None:
    text = "SELECT id FROM orders WHERE note = NULL;\n"
    made = workspace({"pipesense.toml": 'exclude = ["old"]\n', "old/a.sql": text})
    path = f"{ROOT}/old/a.sql"
    made.open(path, text)
    made.analyse(path)
    assert [each.rule for each in made.findings(path)] == ["correctness/equals-null"]
    made.close(path)
    settle(made)
    assert made.findings(path) == ()
    assert path not in made.paths()


@pytest.mark.parametrize("folder", ["shop/seeds", "shop"])
def test_a_folder_that_is_gone_takes_its_seeds_and_settings_along(folder: str) -> None:
    files = {"dbt_project.yml": PROJECTS[0], "seeds/countries.csv": SEEDS[0], "models/mart.sql": MODELS[2]}
    project = Project({}, {f"shop/{name}": text for name, text in files.items()})
    settle(project.made)
    project.made.open(f"{ROOT}/shop/models/mart.sql", MODELS[2])
    project.shown[f"{ROOT}/shop/models/mart.sql"] = MODELS[2]
    settle(project.made)
    assert "schema/unknown-column" in str(everything(project.made))
    for path in [path for path in project.disk if path.startswith(f"{ROOT}/{folder}/")]:
        del project.disk[path]
    project.made.touched([f"{ROOT}/{folder}"])
    settle(project.made)
    assert everything(project.made) == everything(project.cold())
    assert "schema/unknown-column" not in str(everything(project.made))
