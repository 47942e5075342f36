"""What is spelled how in dbt, since when."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from pipesense.systems.dbt.tables.names import MACROS, NODE_CONFIGS, TEST_CONFIGS

__all__ = ["CONTEXT", "ENUMS", "MACROS", "MOVED_TO_CONFIG", "NODE_CONFIGS", "TEST_CONFIGS", "TEST_SETTINGS"]

CONTEXT: Final = frozenset(
    (
        # https://docs.getdbt.com/reference/dbt-jinja-functions (1.10)
        *(
            "adapter",
            "api",
            "as_bool",
            "as_native",
            "as_number",
            "as_text",
            "builtins",
            "config",
            "context",
            "cross_db",
        ),
        *(
            "database",
            "dbt",
            "dbt_metadata_envs",
            "dbt_version",
            "debug",
            "diff_of_two_dicts",
            "doc",
            "env_var",
            "exceptions",
        ),
        *("execute", "flags", "fromjson", "fromyaml", "function", "graph", "invocation_args_dict", "invocation_id"),
        *("load_result", "local_md5", "log", "metrics", "model", "modules", "on_run_end_context", "post_hooks"),
        *("pre_hooks", "print", "project_name", "ref", "render", "results", "return", "run_query", "run_started_at"),
        *("schema", "schemas", "selected_resources", "set", "set_strict", "source", "sql", "sql_now", "statement"),
        *("store_raw_result", "store_result", "submit_python_job", "target", "thread_id", "this", "toJson", "tojson"),
        *("toyaml", "try_or_compiler_error", "validation", "var", "wait_for_metadata", "write", "zip", "zip_strict"),
        *("metric", "defer_relation", "compiled_code", "column_name", "database_schemas", "get_where_subquery"),
        # https://jinja.palletsprojects.com/templates/#list-of-global-functions (3.1)
        *("range", "dict", "lipsum", "cycler", "joiner", "namespace", "caller", "varargs", "kwargs", "loop", "super"),
        *("list", "len", "str", "int", "zip", "unique_key"),
    )
)
"""Names that every file of a project may call or look into."""

TEST_SETTINGS: Final = (
    frozenset(("arguments", "column_name", "config", "description", "docs", "name"))
    | (TEST_CONFIGS - {"alias", "packages"})
    | {"alias"}
)
"""Keys of a test's mapping that are no arguments of the test itself."""

ENUMS: Final[Mapping[str, tuple[str, ...]]] = {
    # https://docs.getdbt.com/docs/build/incremental-models and the pages of each setting (1.10)
    "on_schema_change": ("ignore", "append_new_columns", "sync_all_columns", "fail"),
    "incremental_strategy": (
        *("append", "delete+insert", "merge", "insert_overwrite", "microbatch", "default", "replace_where"),
        *("legacy", "replace_partitions", "inserts_only", "delete_insert", "dynamic_insert_overwrite"),
    ),
    "hard_deletes": ("ignore", "invalidate", "new_record"),
    "access": ("private", "protected", "public"),
    "batch_size": ("hour", "day", "month", "year"),
    "severity": ("error", "warn"),
}
"""Settings with a fixed set of values; those of all adapters together."""

_OF_NODES: Final = ("meta", "tags", "docs", "group", "access")
MOVED_TO_CONFIG: Final[Mapping[str, tuple[str, ...]]] = {
    # https://docs.getdbt.com/reference/deprecations#propertymovedtoconfigdeprecation (1.10)
    "model": _OF_NODES,
    "seed": ("meta", "tags", "docs", "group"),
    "snapshot": ("meta", "tags", "docs", "group"),
    "column": ("meta", "tags"),
    "source": ("freshness", "loaded_at_field", "loaded_at_query", "meta", "tags"),
    "table": ("freshness", "loaded_at_field", "loaded_at_query", "meta", "tags"),
}
"""Properties that stand under ``config:`` since dbt 1.10, by what they belong to."""
