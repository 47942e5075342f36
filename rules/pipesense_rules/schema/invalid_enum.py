"""A setting has a value that dbt does not know."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from typing import Final

from pipesense.model.change import Replace
from pipesense.model.dbt import DbtEntry, DbtNode, DbtSetting
from pipesense.rule.context import Context
from pipesense.rule.dbt import Found
from pipesense.rule.finding import Applicability, Finding, Offer
from pipesense.rule.meta import Message, RuleMeta, Severity
from pipesense.rule.rule import rule
from pipesense_rules.dbt_facts import listed

_VALUES: Final[Mapping[str, tuple[str, ...]]] = {
    # https://docs.getdbt.com/reference/model-configs and the pages of each setting (1.10)
    "on_schema_change": ("ignore", "append_new_columns", "sync_all_columns", "fail"),
    "incremental_strategy": (
        *("append", "delete+insert", "merge", "insert_overwrite", "microbatch", "default", "replace_where", "legacy"),
        *("replace_partitions", "inserts_only", "delete_insert", "dynamic_insert_overwrite"),
    ),
    "hard_deletes": ("ignore", "invalidate", "new_record"),
    "access": ("private", "protected", "public"),
    "batch_size": ("hour", "day", "month", "year"),
    "severity": ("error", "warn"),
}
_WHY: Final = {
    "on_schema_change": "dbt falls back to ignore without an error, and new columns are dropped",
    "severity": "dbt refuses the test",
}

META = RuleMeta(
    id="schema/invalid-enum",
    wants=(DbtNode, DbtEntry),
    pattern="incremental-model",
    since="0.1",
    messages={
        "unknown": Message(Severity.ERROR, "{key} has no value {value}.", "{why}.", "The values are {values}."),
    },
)


@rule(META)
def invalid_enum(fact: DbtNode | DbtEntry, ctx: Context) -> Iterator[Finding]:
    """Report constant values outside the set that dbt knows."""
    if isinstance(fact, DbtNode) and fact.language == "yaml":
        return
    tests = fact.all_tests() if isinstance(fact, DbtEntry) else ()
    for setting in (*fact.settings, *(each for test in tests for each in test.settings if each.key == "severity")):
        if not _is_wrong(setting, ctx):
            continue
        why = _WHY.get(setting.key, "dbt refuses the project, or the model when it runs")
        values = listed(_VALUES[setting.key])
        yield ctx.finding(
            *("unknown",),
            at=setting.at,
            key=setting.key,
            value=setting.value,
            why=why,
            values=values,
            subject=setting,
        )


def _is_wrong(setting: DbtSetting, ctx: Context) -> bool:
    values = _VALUES.get(setting.key)
    if values is None or not isinstance(setting.value, str) or not setting.value or "{" in setting.value:
        return False
    if setting.key == "severity":
        return setting.value.lower() not in values
    if setting.key != "incremental_strategy":
        return setting.value not in values
    if setting.value in values or not get_close_matches(setting.value, values, 1, 0.8):
        return False
    # A strategy is a macro; a project may have one of its own.
    return not isinstance(ctx.dbt.macro(f"get_incremental_{setting.value.replace('+', '_')}_sql"), Found)


@invalid_enum.fix
def write_the_nearest(finding: Finding, setting: DbtSetting, ctx: Context) -> Offer | None:
    """A value that differs by a letter or two could have meant nothing else."""
    near = get_close_matches(str(setting.value), _VALUES[setting.key], 1, 0.8)
    if not near:
        return None
    text = ctx.text(setting.at)
    quote = text[0] if text[:1] in ("'", '"') else ""
    return Offer(f"Write {near[0]}", Replace(setting.at, f"{quote}{near[0]}{quote}"), Applicability.SAFE)
