"""Configuration files: what is read, and how a wrong word is answered."""

from __future__ import annotations

import pytest

from pipesense.engine.config import Config, glob_matches, parse_config
from pipesense.host.rulepacks import load_registry
from pipesense.rule.meta import FileRole, Severity

REGISTRY = load_registry()
DIALECTS = frozenset({"postgres", "snowflake", "bigquery"})


def read(text: str, name: str = "pipesense.toml") -> Config:
    config = parse_config(f"/p/{name}", text, REGISTRY, lambda: DIALECTS)
    assert config is not None
    return config


def test_everything_that_can_be_said() -> None:
    config = read(
        """
select = ["all"]
ignore = ["reliability/no-timeout"]
exclude = ["vendor"]

[severity]
"reliability/no-retries" = "error"
idempotency = "hint"

[per-file-ignores]
"legacy/**" = ["upgrade"]

[dialect]
"**/*.sql" = "postgres"
"warehouse/" = "Snowflake"

[roles]
"spikes/*.py" = "ad-hoc"

[version]
airflow = "2.10"

[assets."mart.events"]
append_only = true
"""
    )
    assert config.problems == ()
    assert config.dialect_of("/p/a/b.sql") == "postgres"
    assert config.dialect_of("/p/warehouse/x/b.sql") == "snowflake"
    assert config.role_of("/p/spikes/a.py") is FileRole.AD_HOC
    assert config.severity_of("reliability/no-retries") is Severity.ERROR
    assert config.severity_of("idempotency/append-on-rerun") is Severity.HINT
    assert "reliability/no-timeout" not in config.enabled(REGISTRY, "/p/a.py")
    assert "upgrade/removed-api" in config.enabled(REGISTRY, "/p/a.py")
    assert "upgrade/removed-api" not in config.enabled(REGISTRY, "/p/legacy/deep/a.py")


@pytest.mark.parametrize(
    ("text", "line", "part"),
    [
        ("selct = []", 0, 'Did you mean "select"?'),
        ('a = 1\nignore = ["reliability/no-retry"]', 1, 'Did you mean "reliability/no-retries"?'),
        ('[dialect]\n"*.sql" = "snowflak"', 1, 'Did you mean "snowflake"?'),
        ('[severity]\n"reliability/no-retries" = "fatal"', 1, '"fatal" is not a severity'),
        ('[roles]\n"*.sql" = "pipelin"', 1, 'Did you mean "pipeline"?'),
        ("select = 3", 0, "must be a list of strings, not a number"),
        ("[rules.\"reliability/no-retries\"]\nattempts = 'many'", 1, "must be int, not a string"),
        ('[rules."reliability/no-retries"]\natempts = 2', 1, 'Did you mean "attempts"?'),
        ("[assets.t]\nappend-only = true", 1, 'Did you mean "append_only"?'),
        ("select = [", 0, "This is not valid TOML"),
    ],
)
def test_a_wrong_word_is_named_with_a_suggestion(text: str, line: int, part: str) -> None:
    problems = read(text).problems
    found = [each for each in problems if part in each.message]
    assert found, [each.message for each in problems]
    assert found[0].line == line


def test_pyproject_counts_only_with_its_table() -> None:
    assert parse_config("/p/pyproject.toml", "[tool.ruff]\n", REGISTRY, lambda: DIALECTS) is None
    assert parse_config("/p/pyproject.toml", "[tool.ruff\n", REGISTRY, lambda: DIALECTS) is None
    assert read('[tool.pipesense]\nignore = ["upgrade"]\n', "pyproject.toml").ignore == ("upgrade",)


@pytest.mark.parametrize(
    ("glob", "path", "matches"),
    [
        ("*.sql", "a/b.sql", True),
        ("a/*.sql", "a/b.sql", True),
        ("a/*.sql", "a/c/b.sql", False),
        ("a/**/*.sql", "a/b.sql", True),
        ("a/**/*.sql", "a/c/d/b.sql", True),
        ("legacy", "x/legacy/b.py", True),
        ("legacy/", "legacy/b.py", True),
        ("./a", "a/b.py", True),
        ("a?.py", "ab.py", True),
        ("a.py", "aXpy", False),
    ],
)
def test_globs(glob: str, path: str, matches: bool) -> None:
    assert glob_matches(glob, path) is matches
