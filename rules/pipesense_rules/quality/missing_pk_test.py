"""Nothing tests that a model's rows are told apart by a key."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from pipesense.model.dbt import DbtColumn, DbtEntry, DbtNode
from pipesense.model.dbt_change import AddToYaml
from pipesense.rule.context import Context
from pipesense.rule.finding import Applicability, Finding, Offer
from pipesense.rule.meta import Message, RuleMeta, Severity
from pipesense.rule.rule import rule
from pipesense.text.regex import regex
from pipesense_rules.dbt_facts import constant, tests_key

_MART: Final = 3
_KEYED: Final = regex(r"unique|primary|surrogate|(?:^|_)pk(?:_|$)|distinct|cardinality|grain")
_PREFIX: Final = regex(r"^(?:stg|int|fct|dim|mart|base)_+")
_REPLACED: Final = ("delete+insert", "insert_overwrite", "microbatch")
"""Strategies for which ``unique_key`` says which rows are replaced together, so that several may share it.
https://docs.getdbt.com/docs/build/incremental-strategy"""
_WHY: Final = "A join that multiplies rows, or a load that runs twice, then passes every test."
_DO: Final = "Test unique and not_null on the column that tells one row from another."

META = RuleMeta(
    id="quality/missing-pk-test",
    wants=DbtEntry,
    pattern="quality-checks",
    since="0.1",
    messages={
        "mart": Message(
            Severity.INFO, "No test says what tells one row of {name} from another, and others build on it.", _WHY, _DO
        ),
        "model": Message(Severity.HINT, "No test says what tells one row of {name} from another.", _WHY, _DO),
    },
)


@rule(META)
def missing_pk_test(entry: DbtEntry, ctx: Context) -> Iterator[Finding]:
    """Report described models without any test or constraint on a key."""
    nodes = ctx.dbt.nodes(entry.name) if entry.kind == "model" and entry.name else ()
    if len(nodes) != 1 or nodes[0].kind != "model" or ctx.dbt.enabled(nodes[0]) is not True:
        return
    node = nodes[0]
    entries = ctx.dbt.entries(node)
    if not entries or entries[0].path != entry.path or entries[0].at.span != entry.at.span:
        return
    if any(not each.whole or each.versions or _is_keyed(each) for each in entries):
        return
    if ctx.dbt.singular_tests(node.name) or constant(ctx, node, "materialized") == "ephemeral":
        return
    layer = ctx.dbt.layer(node)
    known = ctx.dbt.layered and layer == _MART
    yield ctx.finding("mart" if known and entry.columns else "model", at=entry.at, name=node.name)


def _is_keyed(entry: DbtEntry) -> bool:
    if any(kind in ("primary_key", "unique") for kind, _ in entry.constraints):
        return True
    if any(_KEYED.search(test.name) for test in entry.all_tests()):
        return True
    return any(column.primary or "unique" in column.constraints or column.is_open for column in entry.columns)


@missing_pk_test.fix
def test_the_grain(finding: Finding, entry: DbtEntry, ctx: Context) -> Offer | None:
    """On the column that the configuration or its name calls the key, in the spelling of the project's version."""
    nodes = ctx.dbt.nodes(entry.name)
    column = _grain(entry, nodes[0], ctx) if len(nodes) == 1 else None
    if column is None:
        return None
    # A project's own test of a part of the table (incremental_not_null) is there because all of it is too large.
    items = tuple(each for each in ("unique", "not_null") if not any(each in test.name for test in column.tests))
    change = AddToYaml(column.body, (tests_key(entry, ctx),), items)
    return Offer(f"Test {' and '.join(items)} on {column.name}", change, Applicability.UNSAFE)


def _grain(entry: DbtEntry, node: DbtNode, ctx: Context) -> DbtColumn | None:
    key = constant(ctx, node, "unique_key")
    stem = _PREFIX.sub("", node.name.lower()).rpartition("__")[2]
    names = [key] if isinstance(key, str) and not _leads_elsewhere(key.lower(), stem, entry, node, ctx) else []
    names += ["id", f"{stem}_id", f"{stem.removesuffix('s')}_id", f"{stem}_key", f"{stem.removesuffix('s')}_key"]
    return next((each for name in names for each in entry.columns if each.name.lower() == str(name).lower()), None)


def _leads_elsewhere(key: str, stem: str, entry: DbtEntry, node: DbtNode, ctx: Context) -> bool:
    """Whether a ``unique_key`` may be of rows of another model: of all orders of a customer, say."""
    if constant(ctx, node, "incremental_strategy") in _REPLACED:
        return True
    listed = (each for each in entry.columns if each.name.lower() == key)
    if any("relationships" in test.name for column in listed for test in column.tests):
        return True
    other = re.sub(r"_(?:id|key|sk|uuid)$", "", key)
    if (
        other == key
        or other in (stem, stem.removesuffix("s"))
        or constant(ctx, node, "incremental_strategy") == "merge"
    ):
        return False
    return any(ctx.dbt.nodes(f"{prefix}{name}") for prefix in ("", "dim_", "stg_") for name in (other, f"{other}s"))
