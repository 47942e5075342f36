"""Queries typed character by character in other dialects, in templates and in strings of a program."""

from __future__ import annotations

import pytest

from pipesense.engine.report import Reported
from pipesense.engine.workspace import Workspace
from pipesense.host.rulepacks import load_registry
from pipesense.text.encoding import PositionEncoding
from support.memory import ROOT, everything, settle, workspace

REGISTRY = load_registry()
WRONG = "SELECT id FROM customers WHERE deleted_at = NULL;\n"
"""Every dialect says the same about it."""

BY_DIALECT = {
    "bigquery": """SELECT * EXCEPT (raw), `p.d.f`(x) AS y, ARRAY_AGG(STRUCT(a, b AS c) ORDER BY a LIMIT 1)[OFFSET(0)].c
FROM `my-project.shop.orders_*` AS o, UNNEST(o.items) AS item
WHERE _TABLE_SUFFIX BETWEEN '20240101' AND @last AND r'\\d' != name
GROUP BY ALL QUALIFY ROW_NUMBER() OVER (PARTITION BY a ORDER BY b) = 1""",
    "snowflake": """SELECT t.v:items[0].name::STRING AS n, f.value FROM shop.raw t, LATERAL FLATTEN(input => t.v:items) f
WHERE t.at >= DATEADD(day, -1, CURRENT_DATE) AND t.id IN (SELECT id FROM shop.kept WHERE id IS NOT NULL)
QUALIFY ROW_NUMBER() OVER (PARTITION BY t.id ORDER BY t.at DESC) = 1""",
    "tsql": """SELECT TOP (10) [o].[order id], CONVERT(date, o.at, 112) AS [day]
FROM [shop].[orders] AS o WITH (NOLOCK) CROSS APPLY (SELECT MAX(x.v) AS top_v FROM dbo.x AS x WHERE x.id = o.id) AS q
WHERE o.at >= @from AND o.name LIKE N'%it''s%' ORDER BY o.at""",
    "spark": """INSERT OVERWRITE TABLE mart.daily PARTITION (day = '2024-01-01')
SELECT /*+ BROADCAST(c) */ c.id, explode(c.items) AS item, `odd name` FROM raw.c LATERAL VIEW explode(xs) v AS x
WHERE c.day = '2024-01-01' AND map['k'] <=> 1""",
    "mysql": """INSERT INTO shop.totals (day, n) SELECT DATE(at), COUNT(*) FROM `shop`.`orders` WHERE at > '2024-01-01' # note
GROUP BY DATE(at) ON DUPLICATE KEY UPDATE n = VALUES(n)""",
    "duckdb": """FROM read_parquet('s3://b/*.parquet') AS r SELECT r.id, list_transform(r.xs, x -> x + 1) AS ys
WHERE r.day = DATE '2024-01-01' ORDER BY ALL""",
    "clickhouse": """SELECT id, argMax(name, at) AS name, quantile(0.9)(ms) FROM logs.events FINAL
PREWHERE day = today() WHERE has(tags, 'a') GROUP BY id SETTINGS max_threads = 4""",
    "redshift": """COPY shop.orders FROM 's3://b/orders' IAM_ROLE 'arn:aws:iam::1:role/r' FORMAT AS PARQUET""",
    "oracle": """SELECT id, NVL(name, 'x') FROM orders WHERE id IN (SELECT id FROM kept WHERE id IS NOT NULL)
CONNECT BY PRIOR id = parent START WITH parent IS NULL""",
    "trino": """SELECT k, reduce(xs, 0, (s, x) -> s + x, s -> s) FROM t CROSS JOIN UNNEST(ms) AS u (k, v)
WHERE day = DATE '2024-01-01' AND at AT TIME ZONE 'UTC' > TIMESTAMP '2024-01-01 00:00:00'""",
}
TEMPLATES = {
    "branches and a loop": """{%- set methods = ["card", 'it''s', "{{ not_a_tag }}"] -%}
SELECT order_id
  {%- for method in methods %}, SUM(CASE WHEN m = '{{ method }}' THEN 1 END) AS {{ method }}_n {% endfor %}
FROM {{ source('shop', "payments") }} {# a note with 'one quote #}
{% if target.name == 'dev' %} WHERE at > '{{ var("from", '2024-01-01') }}' {% else %} WHERE TRUE {% endif %}
GROUP BY order_id""",
    "a macro": "{% macro cents(x, scale=2) -%} ROUND({{ x }} / 100, {{ scale }}) {%- endmacro %}",
    "parameters": "SELECT a FROM shop.orders WHERE day = '{{ ds }}' AND b = :b AND c = %(c)s AND d = ${d} AND e = @e",
}
EVERYWHERE = {**{f"{name}: a query": (name, text) for name, text in BY_DIALECT.items()}}
EVERYWHERE |= {f"bigquery: {name}": ("bigquery", text) for name, text in TEMPLATES.items()}

BAD = {
    "an open quote": "SELECT 'never closed FROM t",
    "an open name": 'SELECT "never closed FROM t',
    "an open backtick": "SELECT `never closed FROM t",
    "an open bracket name": "SELECT [never closed FROM t",
    "an open comment": "SELECT a /* never closed FROM t",
    "a hash": "SELECT a # never ended FROM t",
    "a stray tag": "SELECT a {% FROM t",
    "a tag in a quote": "SELECT '{{ a FROM t",
    "a quote in a tag": "SELECT {{ 'a }} FROM t",
    "a stray end of a block": "{% endif %} SELECT a FROM t",
    "an open template comment": "SELECT {# a FROM t",
    "a block in a block": "{% if a %}{% for b in c %} SELECT a FROM t {% endif %}",
    "mixed line endings": "SELECT a,\r\n b,\r c,\n d FROM t",
    "emoji": "SELECT '👩‍👩‍👧' AS 👩, a FROM t -- 🎉",
    "a byte order mark": "\ufeffSELECT a FROM t",
}


def sql_file(dialect: str, text: str) -> Workspace:
    made = workspace({"pipesense.toml": f'[dialect]\n"*.sql" = "{dialect}"\n', "typed.sql": text}, registry=REGISTRY)
    made.open(f"{ROOT}/typed.sql", text)
    settle(made)
    return made


def insert(made: Workspace, path: str, offset: int, typed: str) -> None:
    buffer = made.text(path)
    assert buffer is not None
    place = buffer.lines.client_position(offset, PositionEncoding.UTF32)
    made.change(path, place, place, typed, PositionEncoding.UTF32)
    made.analyse(path)


def said(found: tuple[Reported, ...], start: int, end: int) -> list[tuple[str, str]]:
    return [(each.rule, each.message) for each in found if start <= each.span.start < end]


@pytest.mark.parametrize("name", EVERYWHERE)
def test_nothing_is_said_of_what_is_half_typed_and_nothing_else_is_lost(name: str) -> None:
    dialect, query = EVERYWHERE[name]
    path, made = f"{ROOT}/typed.sql", sql_file(dialect, WRONG)
    standing = said(made.findings(path), 0, len(WRONG))
    assert [rule for rule, _ in standing] == ["correctness/equals-null"]

    for at, letter in enumerate(query):
        insert(made, path, len(WRONG) + at, letter)

        assert said(made.findings(path), 0, len(WRONG)) == standing, query[: at + 1][-60:]
        assert said(made.findings(path), len(WRONG), 1 << 60) == [], query[: at + 1][-60:]

    settle(made)
    assert everything(made) == everything(sql_file(dialect, WRONG + query))


@pytest.mark.parametrize("dialect", ["bigquery", "snowflake", "tsql", "mysql", "spark", ""])
@pytest.mark.parametrize("name", BAD)
def test_bad_input_costs_no_other_statement_in_any_dialect(name: str, dialect: str) -> None:
    path, made = f"{ROOT}/typed.sql", sql_file(dialect, WRONG + BAD[name])

    assert said(made.findings(path), 0, len(WRONG))[:1] == said(sql_file(dialect, WRONG).findings(path), 0, len(WRONG))


BEFORE = """from airflow.providers.postgres.hooks.postgres import PostgresHook

def before():
    PostgresHook().run("SELECT id FROM customers WHERE deleted_at = NULL")

def typed():
    PostgresHook().run(\"\"\"
"""
BEHIND = '\n""")\n'
IN_PROGRAMS = {
    "a query": BY_DIALECT["trino"].replace("\\", ""),
    "a window": "SELECT x.*, 'it''s 😀' AS y FROM (SELECT t.*, RANK() OVER (ORDER BY t.a) r FROM t) x WHERE x.r <= 3",
    "a delete": "DELETE FROM staging.orders WHERE loaded_at < '2024-01-01' AND NOT is_final",
    "a template": "INSERT INTO mart.d (day) SELECT day FROM s WHERE day = '{{ ds }}' {% if params.x %} AND a = 1 {% endif %}",
    "an open quote": "SELECT 'never closed FROM t",
    "a stray tag": "SELECT a {% FROM t",
    "mixed line endings": "SELECT a,\r\n b,\r c,\n d FROM t",
}


@pytest.mark.parametrize("name", IN_PROGRAMS)
def test_typed_in_a_string_of_a_program(name: str) -> None:
    path = f"{ROOT}/dags/typed.py"
    made = workspace({"dags/typed.py": BEFORE + BEHIND}, registry=REGISTRY)
    made.open(path, BEFORE + BEHIND)
    settle(made)
    standing = said(made.findings(path), 0, len(BEFORE))
    assert "correctness/equals-null" in [rule for rule, _ in standing]

    for at, letter in enumerate(IN_PROGRAMS[name]):
        insert(made, path, len(BEFORE) + at, letter)

        shown = IN_PROGRAMS[name][: at + 1][-60:]
        assert said(made.findings(path), 0, len(BEFORE)) == standing, shown
        assert not [each for each in made.findings(path) if each.rule.startswith("engine/")], shown

    settle(made)
    whole = BEFORE + IN_PROGRAMS[name] + BEHIND
    again = workspace({"dags/typed.py": whole}, registry=REGISTRY)
    again.open(path, whole)
    settle(again)
    assert everything(made) == everything(again)
