"""A model that others use has no description."""

from __future__ import annotations

from collections.abc import Iterator

from pipesense.model.change import Together
from pipesense.model.dbt import DbtNode
from pipesense.model.dbt_change import AddBeside, Written
from pipesense.rule.context import Context
from pipesense.rule.finding import Applicability, Finding, Offer
from pipesense.rule.meta import Message, RuleMeta, Severity
from pipesense.rule.rule import rule
from pipesense_rules.dbt_facts import listed
from pipesense_rules.dbt_files import describing

_MART = 3

_WHY = "Who uses it has to read its query to learn what a row is."
_DO = "Describe it in YAML, with its columns."

META = RuleMeta(
    id="maintainability/undocumented",
    wants=DbtNode,
    pattern="data-contract",
    since="0.1",
    messages={
        "mart": Message(Severity.INFO, "No YAML file describes the mart {name}.", _WHY, _DO),
        "exposed": Message(Severity.HINT, "No YAML file describes {name}, which an exposure uses.", _WHY, _DO),
    },
)


@rule(META)
def undocumented(node: DbtNode, ctx: Context) -> Iterator[Finding]:
    """Report marts and exposed models without a description, once every YAML file was read."""
    if node.kind != "model" or not ctx.dbt.complete or ctx.dbt.enabled(node) is not True:
        return
    is_mart = ctx.dbt.layered and ctx.dbt.layer(node) == _MART
    if not is_mart and not ctx.dbt.exposed_by(node):
        return
    entries = ctx.dbt.entries(node)
    if not any(entry.described or not entry.whole for entry in entries):
        yield ctx.finding("mart" if is_mart else "exposed", at=node.at, name=node.name, subject=node)


@undocumented.fix
def describe_it(finding: Finding, node: DbtNode, ctx: Context) -> Offer | None:
    """In the YAML file beside it: what it is made from, and all of its columns; offered where these are known."""
    beside, columns = ctx.dbt.beside(node), ctx.dbt.columns(node)
    if (
        ctx.dbt.entries(node)
        or not columns.closed
        or not columns.columns
        or any(not each.name for each in columns.columns)
    ):
        return None
    grain = min(columns.keys, key=len, default=None)
    keys = [each.name for each in columns.columns if grain and each.name.casefold() in grain]
    row = f"One row per {listed(keys)}" if keys else "Made"
    sources = [each.name for each in node.references if each.names]
    made = f"{', made' if keys else ''} from {listed(dict.fromkeys(sources))}" if sources else ""
    if not keys and not made:
        return None
    title = f"Describe {node.name} with its columns"
    if beside is None:
        return Offer(title, Together((), (describing(node, row + made, columns),)), Applicability.UNSAFE)
    listing: list[Written] = [{"name": each.name} for each in columns.columns]
    item: Written = {"name": node.name, "description": row + made, "columns": listing}
    return Offer(title, AddBeside(beside.body, item), Applicability.UNSAFE)
