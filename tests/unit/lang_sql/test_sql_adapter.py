"""The dialect that a dbt project's own files tell."""

from __future__ import annotations

import pytest

from pipesense.lang.sql.adapter import dialect_of_dbt

PROFILE = (
    "other:\n  outputs:\n    x:\n      type: oracle\n\nshop:\n  target: dev\n  outputs:\n    dev:\n      type: {}\n"
)
TWO = PROFILE.format("duckdb") + "    prod:\n      type: snowflake\n"
SAME = PROFILE.format("'snowflake'") + "\n    # the real one\n    prod: {x: 1}\n    ci:\n      type: snowflake\n"
SHOP = "name: shop\nprofile: 'shop'\n"

# name, files of the project, the SQL file, the dialect and why
CASES = [
    ("no project", {"profiles.yml": PROFILE.format("duckdb")}, "models/a.sql", None),
    (
        "a profile beside",
        {"dbt_project.yml": SHOP, "profiles.yml": PROFILE.format("duckdb")},
        "models/a.sql",
        ("duckdb", "dbt profile shop"),
    ),
    (
        "several outputs of one kind",
        {"dbt_project.yml": SHOP, "profiles.yml": SAME},
        "models/a.sql",
        ("snowflake", "dbt profile shop"),
    ),
    (
        "outputs of several kinds",
        {"dbt_project.yml": SHOP, "profiles.yml": TWO, "requirements.txt": "dbt-duckdb"},
        "models/a.sql",
        None,
    ),
    (
        "a profile above",
        {"t/dbt_project.yml": SHOP, "profiles.yml": PROFILE.format("sqlserver")},
        "t/models/x/a.sql",
        ("tsql", "dbt profile shop"),
    ),
    (
        "a profile in its folder",
        {"dbt_project.yml": SHOP, "profiles/profiles.yml": PROFILE.format("glue")},
        "models/a.sql",
        ("spark", "dbt profile shop"),
    ),
    (
        "another profile",
        {"dbt_project.yml": "profile: web\n", "profiles.yml": PROFILE.format("duckdb")},
        "models/a.sql",
        None,
    ),
    (
        "Windows",
        {"dbt_project.yml": SHOP.replace("\n", "\r\n"), "profiles.yml": SAME.replace("\n", "\r\n")},
        "models/a.sql",
        ("snowflake", "dbt profile shop"),
    ),
    (
        "an adapter that is no dialect",
        {"dbt_project.yml": SHOP, "profiles.yml": PROFILE.format("vertica")},
        "models/a.sql",
        None,
    ),
    (
        "a profile with an adapter's name",
        {"dbt_project.yml": 'profile: "snowflake"\n'},
        "models/a.sql",
        ("snowflake", "dbt profile snowflake"),
    ),
    (
        "installed",
        {"dbt_project.yml": SHOP, "requirements.txt": "dbt-core==1.8\ndbt-bigquery>=1.8\n"},
        "models/a.sql",
        ("bigquery", "dbt-bigquery is installed"),
    ),
    (
        "several installed",
        {"dbt_project.yml": SHOP, "requirements.txt": "dbt-redshift\ndbt-postgres\n"},
        "models/a.sql",
        None,
    ),
    ("a package of macros", {"dbt_project.yml": SHOP, "requirements.txt": "dbt-spark-utils\n"}, "models/a.sql", None),
    (
        "a setting",
        {"dbt_project.yml": SHOP + "models:\n  +snowflake_warehouse: big\n"},
        "models/a.sql",
        ("snowflake", "dbt setting snowflake_warehouse"),
    ),
    (
        "settings of several",
        {"dbt_project.yml": SHOP + "models:\n  +query_tag: x\n  +maximum_bytes_billed: 3\n"},
        "models/a.sql",
        None,
    ),
    ("outside its folders", {"dbt_project.yml": SHOP, "profiles.yml": SAME}, "dags/sql/a.sql", None),
    (
        "a folder of its own",
        {"dbt_project.yml": SHOP + "model-paths: ['./sql/models']\n", "profiles.yml": SAME},
        "sql/models/a.sql",
        ("snowflake", "dbt profile shop"),
    ),
    (
        "folders in a list",
        {"dbt_project.yml": SHOP + "test-paths:\n  - checks\n  - 'more'\n", "profiles.yml": SAME},
        "more/a.sql",
        ("snowflake", "dbt profile shop"),
    ),
    (
        "an installed package",
        {"dbt_project.yml": SHOP, "profiles.yml": SAME, "dbt_packages/u/dbt_project.yml": "profile: tests\n"},
        "dbt_packages/u/macros/a.sql",
        ("snowflake", "dbt profile shop"),
    ),
]


@pytest.mark.parametrize(("files", "path", "told"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_what_the_project_tells(files: dict[str, str], path: str, told: tuple[str, str] | None) -> None:
    texts = {f"/p/{name}": text for name, text in files.items()}
    parts = f"/p/{path}".split("/")
    folders = ["/".join(parts[:count]) for count in range(len(parts) - 1, 1, -1)]

    assert dialect_of_dbt(f"/p/{path}", folders, texts.get) == told
