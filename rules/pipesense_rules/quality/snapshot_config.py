"""A snapshot lacks what tells an old row from a new one."""

from __future__ import annotations

from collections.abc import Iterator

from pipesense.model.dbt import DbtNode
from pipesense.model.dbt_change import DbtChange, SetConfig, SetYaml
from pipesense.model.value import Absent, Known
from pipesense.rule.context import Context
from pipesense.rule.finding import Applicability, Finding, Offer
from pipesense.rule.meta import Message, RuleMeta, Severity
from pipesense.rule.rule import rule
from pipesense_rules.dbt_facts import constant, listed, parents

_WHY = "dbt cannot tell what changed and refuses the snapshot."

META = RuleMeta(
    id="quality/snapshot-config",
    wants=DbtNode,
    pattern="slowly-changing-dimension",
    since="0.1",
    messages={
        "missing": Message(Severity.ERROR, "The snapshot {name} has no {keys}.", _WHY, "Set {keys}."),
        "both": Message(
            Severity.ERROR,
            "The snapshot {name} goes by a timestamp and has check_cols as well.",
            "dbt refuses a snapshot with both.",
            "Delete check_cols, or choose strategy='check'.",
        ),
        "deletes": Message(
            Severity.ERROR,
            "The snapshot {name} has both hard_deletes and invalidate_hard_deletes.",
            "They say the same thing in two ways, and dbt refuses both together.",
            "Keep hard_deletes.",
        ),
    },
)


@rule(META)
def snapshot_config(node: DbtNode, ctx: Context) -> Iterator[Finding]:
    """Report keys that are surely missing or that exclude each other."""
    if node.kind != "snapshot" or ctx.dbt.enabled(node) is not True:
        return
    wanted = ["strategy", "unique_key"]
    strategy = constant(ctx, node, "strategy")
    if strategy == "timestamp":
        wanted.append("updated_at")
    elif strategy == "check":
        wanted.append("check_cols")
    absent = [key for key in wanted if isinstance(ctx.dbt.setting(node, key), Absent)]
    if absent:
        yield ctx.finding("missing", at=node.at, name=node.name, keys=listed(absent), subject=(node, absent))
    elif strategy == "timestamp" and isinstance(ctx.dbt.setting(node, "check_cols"), Known):
        yield ctx.finding("both", at=node.at, name=node.name)
    if all(isinstance(ctx.dbt.setting(node, key), Known) for key in ("hard_deletes", "invalidate_hard_deletes")):
        yield ctx.finding("deletes", at=node.at, name=node.name)


@snapshot_config.fix
def set_the_key(finding: Finding, subject: tuple[DbtNode, list[str]], ctx: Context) -> Offer | None:
    """All columns are compared where nothing says which; the key is what a test calls unique."""
    if finding.variant != "missing":
        return None
    node, absent = subject
    value = "all" if absent == ["check_cols"] else _unique(node, ctx) if absent == ["unique_key"] else ""
    if not value:
        return None
    change: DbtChange
    if node.language == "yaml":
        entries = ctx.dbt.entries(node)
        if len(entries) != 1:
            return None
        change = SetYaml(entries[0].body, ("config", absent[0]), value)
    elif node.config_at is None:
        return None
    else:
        change = SetConfig(node.at, node.config_at, absent[0], f"'{value}'")
    return Offer(f"Set {absent[0]} to {value}", change, Applicability.UNSAFE)


def _unique(node: DbtNode, ctx: Context) -> str:
    """The one column that a test of the snapshot, or of the only model that it reads, calls unique."""
    several = (node, *(each for _, each in parents(ctx, node)))
    found = {
        column.name
        for each in several[:2]
        for entry in ctx.dbt.entries(each)
        for column in entry.columns
        if any(test.name == "unique" for test in column.tests)
    }
    return found.pop() if len(found) == 1 and len(several) <= 2 else ""
