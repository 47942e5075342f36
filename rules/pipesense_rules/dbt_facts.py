"""What several rules about dbt projects share."""

from __future__ import annotations

from collections.abc import Iterable

from pipesense.model.dbt import DbtEntry, DbtNode, DbtReference, Dynamic, Setting
from pipesense.model.dbt_change import Written
from pipesense.model.value import Absent, Known
from pipesense.rule.context import Context
from pipesense.rule.dbt import Found

STORED = frozenset(("table", "incremental"))
"""Materializations that keep rows."""


def constant(ctx: Context, node: DbtNode, key: str) -> Setting:
    """A setting whose value is known; None where it is not set or a template decides."""
    value = ctx.dbt.setting(node, key)
    return value.value if isinstance(value, Known) and not isinstance(value.value, Dynamic) else None


def materialized(ctx: Context, node: DbtNode) -> str:
    """How a model is stored, "" where nobody can tell; dbt's default is a view."""
    value = ctx.dbt.setting(node, "materialized")
    if isinstance(value, Known):
        return value.value if isinstance(value.value, str) else ""
    return "view" if isinstance(value, Absent) else ""


def quoted_like(text: str, name: str) -> str:
    """A name in the quotes of a text."""
    quote = text[0] if text[:1] in ("'", '"') else "'"
    return f"{quote}{name}{quote}"


def parents(ctx: Context, node: DbtNode) -> Iterable[tuple[DbtReference, DbtNode]]:
    """The nodes that a node refers to by constant names, each with the reference."""
    for reference in node.references:
        if reference.kind == "ref":
            found = ctx.dbt.ref(reference)
            if isinstance(found, Found) and len(found.several) == 1:
                yield reference, found.several[0]


def tests_key(entry: DbtEntry, ctx: Context) -> str:
    """The key under which tests stand: the entry's own, else that of the version, else the one that all versions know.

    https://docs.getdbt.com/docs/build/data-tests: ``data_tests`` since 1.8, where ``tests`` goes on working.
    """
    used = next((key.name for key in entry.keys if key.name in ("tests", "data_tests")), None)
    if used is not None:
        return used
    version = ctx.dbt.version
    return "data_tests" if version.number and not version.below((1, 8)) else "tests"


def listed(names: Iterable[str]) -> str:
    """Names in a sentence."""
    several = list(names)
    return several[0] if len(several) == 1 else f"{', '.join(several[:-1])} and {several[-1]}"


_NESTED = (1, 10, 5)
"""https://docs.getdbt.com/reference/deprecations#missingargumentspropertyingenerictestdeprecation"""


def written_test(name: str, arguments: dict[str, Written], entry: DbtEntry, ctx: Context) -> Written:
    """A test with arguments as the entry writes others, else as the project's version reads it for sure."""
    others = [test for test in entry.all_tests() if test.flat or test.nested]
    version = ctx.dbt.version
    surely = len(version.number) > 2 and not version.below(_NESTED)
    nested = others[0].nested if others else surely
    return {name: {"arguments": {**arguments}} if nested else {**arguments}}
