"""The JSON Schema of the configuration, made from the settings, the rules and the dialects that there are.

Editors that know a schema complete and check what people write; the analysis itself checks more (config.py).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from pipesense.rule.meta import CONCERNS, FileRole, Option, Severity
from pipesense.rule.page import Page
from pipesense.rule.registry import Registry
from pipesense.systems.dbt.layers import WORDS as LAYERS

DRAFT: Final = "http://json-schema.org/draft-07/schema#"
"""The draft that VS Code, Taplo and Tombi all read."""

_TYPES: Final[dict[type, str]] = {bool: "boolean", int: "integer", float: "number", str: "string"}


def config_schema(registry: Registry, dialects: Iterable[str]) -> dict[str, Any]:
    """A schema of the table ``[tool.pipesense]``, or of a whole pipesense.toml."""
    return {
        "$schema": DRAFT,
        "title": "PipeSense",
        "type": "object",
        "additionalProperties": False,
        "properties": _properties(registry, sorted(dialects)),
        "definitions": {"selector": _selector(registry)},
    }


def _properties(registry: Registry, dialects: list[str]) -> dict[str, Any]:
    selectors = {"type": "array", "items": {"$ref": "#/definitions/selector"}}
    words = {"type": "array", "items": {"type": "string"}}
    severity = {"enum": [each.word for each in Severity]}
    return {
        "select": {
            **selectors,
            "description": "Rules and concerns that are used; all that are on by default if empty.",
        },
        "ignore": {**selectors, "description": "Rules and concerns that are not used."},
        "severity": {
            "type": "object",
            "description": "How loudly rules or concerns speak.",
            "propertyNames": {"$ref": "#/definitions/selector"},
            "additionalProperties": severity,
        },
        "per-file-ignores": _by_glob(selectors, "Rules and concerns that are not used in some files."),
        "dialect": {
            "description": "The SQL dialect of all files, or of files by glob.",
            "anyOf": [{"enum": dialects}, _by_glob({"enum": dialects}, "The SQL dialect of files.")],
        },
        "roles": _by_glob({"enum": [each.value for each in FileRole]}, "What files are there for."),
        "layers": {
            "type": "object",
            "description": (
                "The layers of data. The keys are folders of models, or prefixes of their names with their _; outside "
                "dbt schemas, catalogues, buckets and folders of tables, or their beginnings with _."
            ),
            "additionalProperties": {"enum": list(LAYERS)},
        },
        "version": {
            "type": "object",
            "description": "The versions that the code runs on, where no file of the project says it.",
            "additionalProperties": _TEXT,
        },
        "assets": {
            "type": "object",
            "description": "What is known of tables, by name.",
            "additionalProperties": {
                "type": "object",
                "additionalProperties": False,
                "properties": {
                    "append_only": {"type": "boolean", "description": "Rows are added and never changed."},
                    "unique_key": {**words, "description": "The columns that tell rows apart."},
                },
            },
        },
        "baseline": {**_TEXT, "description": "A file of findings that are known and not shown."},
        "exclude": {**words, "description": "Files and folders that are not read, as globs."},
        "rules": {
            "type": "object",
            "description": "Options of rules.",
            "additionalProperties": {"type": "object"},
            "properties": {
                rule.meta.id: _options(rule.meta.options, registry.page(rule.meta.id))
                for rule in sorted(registry, key=lambda each: each.meta.id)
                if rule.meta.options
            },
        },
    }


_TEXT: Final[dict[str, Any]] = {"type": "string"}


def _by_glob(value: dict[str, Any], what: str) -> dict[str, Any]:
    return {"type": "object", "description": f"{what} The keys are globs.", "additionalProperties": value}


def _selector(registry: Registry) -> dict[str, Any]:
    """A rule's id or a concern; rule packs may bring more, so another word is no error here."""
    rules = sorted(registry, key=lambda each: each.meta.id)
    pages = {rule.meta.id: registry.page(rule.meta.id) for rule in rules}
    known = ["all", *CONCERNS, *pages]
    told = ["Every rule.", *(f"All rules about {concern}." for concern in CONCERNS)]
    told += [page.summary if page is not None else "" for page in pages.values()]
    return {"anyOf": [{"enum": known, "enumDescriptions": told}, _TEXT]}


def _options(options: Any, page: Page | None) -> dict[str, Any]:
    return {
        "type": "object",
        "description": page.summary if page is not None else "",
        "additionalProperties": False,
        "properties": {name: _option(option) for name, option in options.items()},
    }


def _option(option: Option) -> dict[str, Any]:
    default = list(option.default) if isinstance(option.default, tuple) else option.default
    kind = _TYPES.get(option.kind, "array")
    return {"type": kind, "description": option.help, "default": default}
