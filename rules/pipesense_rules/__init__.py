"""The rules that come with PipeSense: one Python module and one Markdown page each, and the pages of patterns.

The entry point group ``pipesense.rules`` names this module. A pack of rules offers three functions: ``rules`` or
``index`` gives the rules, ``page`` the Markdown of one of them, ``pattern`` the Markdown of a pattern.
"""

from __future__ import annotations

import importlib
from functools import partial
from pathlib import Path

from pipesense.rule.meta import Scope
from pipesense.rule.registry import RuleEntry
from pipesense.rule.rule import Rule
from pipesense_rules.correctness.all_not_last import all_not_last
from pipesense_rules.correctness.bad_arg_type import bad_arg_type
from pipesense_rules.correctness.bad_cron import bad_cron
from pipesense_rules.correctness.between_timestamp import between_timestamp
from pipesense_rules.correctness.catchup_no_start import catchup_no_start
from pipesense_rules.correctness.condition_misses_table import condition_misses_table
from pipesense_rules.correctness.count_nullable_as_rows import count_nullable_as_rows
from pipesense_rules.correctness.count_star_after_left_join import count_star_after_left_join
from pipesense_rules.correctness.dag_arg_in_default_args import dag_arg_in_default_args
from pipesense_rules.correctness.dedupe_not_deterministic import dedupe_not_deterministic
from pipesense_rules.correctness.default_arg_typo import default_arg_typo
from pipesense_rules.correctness.division_by_zero import division_by_zero
from pipesense_rules.correctness.equals_null import equals_null
from pipesense_rules.correctness.event_store_mutated import event_store_mutated
from pipesense_rules.correctness.event_version_not_unique import event_version_not_unique
from pipesense_rules.correctness.fan_out_aggregate import fan_out_aggregate
from pipesense_rules.correctness.having_without_group import having_without_group
from pipesense_rules.correctness.heartbeat_ge_timeout import heartbeat_ge_timeout
from pipesense_rules.correctness.implicit_cast_compare import implicit_cast_compare
from pipesense_rules.correctness.implicit_cross_join import implicit_cross_join
from pipesense_rules.correctness.integer_division import integer_division
from pipesense_rules.correctness.last_value_default_frame import last_value_default_frame
from pipesense_rules.correctness.left_join_nullified import left_join_nullified
from pipesense_rules.correctness.limit_without_order import limit_without_order
from pipesense_rules.correctness.missing_next import missing_next
from pipesense_rules.correctness.not_in_nullable import not_in_nullable
from pipesense_rules.correctness.null_unsafe_surrogate_key import null_unsafe_surrogate_key
from pipesense_rules.correctness.task_arg_on_dag import task_arg_on_dag
from pipesense_rules.correctness.timedelta_attribute import timedelta_attribute
from pipesense_rules.correctness.timezone_mix import timezone_mix
from pipesense_rules.correctness.ungrouped_column import ungrouped_column
from pipesense_rules.correctness.unreachable import unreachable
from pipesense_rules.correctness.window_without_order import window_without_order
from pipesense_rules.idempotency.append_on_rerun import append_on_rerun
from pipesense_rules.idempotency.clock_decides_rows import clock_decides_rows
from pipesense_rules.idempotency.create_not_rerunnable import create_not_rerunnable
from pipesense_rules.idempotency.cursor_tie import cursor_tie
from pipesense_rules.idempotency.dynamic_start_date import dynamic_start_date
from pipesense_rules.idempotency.merge_on_false_append import merge_on_false_append
from pipesense_rules.idempotency.merge_source_not_unique import merge_source_not_unique
from pipesense_rules.idempotency.non_atomic_delete_insert import non_atomic_delete_insert
from pipesense_rules.idempotency.watermark_starts_null import watermark_starts_null
from pipesense_rules.modelling.data_vault_columns import data_vault_columns
from pipesense_rules.modelling.fact_without_dimension_ref import fact_without_dimension_ref
from pipesense_rules.modelling.float_money import float_money
from pipesense_rules.modelling.inline_foreign_key_syntax import inline_foreign_key_syntax
from pipesense_rules.modelling.missing_primary_key import missing_primary_key
from pipesense_rules.modelling.naive_timestamp import naive_timestamp
from pipesense_rules.modelling.scd2_incomplete import scd2_incomplete
from pipesense_rules.modelling.scd2_window_without_partition import scd2_window_without_partition
from pipesense_rules.performance.correlated_scalar_subquery import correlated_scalar_subquery
from pipesense_rules.performance.distinct_masks_fan_out import distinct_masks_fan_out
from pipesense_rules.performance.foreign_key_without_index import foreign_key_without_index
from pipesense_rules.performance.function_on_key import function_on_key
from pipesense_rules.performance.high_cardinality_partition import high_cardinality_partition
from pipesense_rules.performance.insert_overwrite_without_partition import insert_overwrite_without_partition
from pipesense_rules.performance.missing_partition_filter import missing_partition_filter
from pipesense_rules.performance.non_sargable_predicate import non_sargable_predicate
from pipesense_rules.performance.optimize_full_table import optimize_full_table
from pipesense_rules.performance.order_by_persisted import order_by_persisted
from pipesense_rules.performance.parse_time_io import parse_time_io
from pipesense_rules.performance.text_format_table import text_format_table
from pipesense_rules.performance.union_of_disjoint import union_of_disjoint
from pipesense_rules.performance.vacuum_short_retention import vacuum_short_retention
from pipesense_rules.quality.check_cannot_fail import check_cannot_fail
from pipesense_rules.quality.completeness_over_information_schema import (
    completeness_over_information_schema,
)
from pipesense_rules.quality.load_without_check import load_without_check
from pipesense_rules.quality.range_check_ignores_null import range_check_ignores_null
from pipesense_rules.reliability.catch_drops_input import catch_drops_input
from pipesense_rules.reliability.no_catch import no_catch
from pipesense_rules.reliability.no_retries import no_retries
from pipesense_rules.reliability.no_timeout import no_timeout
from pipesense_rules.reliability.retry_no_jitter import retry_no_jitter
from pipesense_rules.schema.breaking_alter import breaking_alter
from pipesense_rules.schema.column_count_mismatch import column_count_mismatch
from pipesense_rules.schema.dropped_column_used import dropped_column_used
from pipesense_rules.schema.duplicate_output_column import duplicate_output_column
from pipesense_rules.schema.insert_without_column_list import insert_without_column_list
from pipesense_rules.schema.ordinal_reference import ordinal_reference
from pipesense_rules.schema.select_star_output import select_star_output
from pipesense_rules.schema.set_op_column_order import set_op_column_order
from pipesense_rules.schema.unknown_column import unknown_column
from pipesense_rules.security.destructive_ddl import destructive_ddl
from pipesense_rules.security.dml_without_where import dml_without_where
from pipesense_rules.security.dynamic_sql import dynamic_sql
from pipesense_rules.security.grant_all import grant_all
from pipesense_rules.streaming.commit_before_work import commit_before_work
from pipesense_rules.streaming.connector_option_missing import connector_option_missing
from pipesense_rules.streaming.idempotence_conflict import idempotence_conflict
from pipesense_rules.streaming.legacy_window import legacy_window
from pipesense_rules.streaming.no_dead_letter import no_dead_letter
from pipesense_rules.streaming.no_watermark import no_watermark
from pipesense_rules.streaming.unbounded_state import unbounded_state
from pipesense_rules.streaming.unchecked_delivery import unchecked_delivery
from pipesense_rules.streaming.weak_acks import weak_acks
from pipesense_rules.streaming.wrong_key_style import wrong_key_style
from pipesense_rules.upgrade.removed_api import removed_api

_HERE = Path(__file__).parent


def index() -> tuple[RuleEntry, ...]:
    """What must be known of every rule of this pack before it is imported; tests/generate_docs.py writes it down."""
    rows = (line.split(" ") for line in (_HERE / "index.txt").read_text(encoding="ascii").splitlines())
    return tuple(_entry(rule_id, scope, default, wants) for rule_id, scope, default, *wants in rows)


def _entry(rule_id: str, scope: str, default: str, wants: list[str]) -> RuleEntry:
    module = f"{__name__}.{rule_id.replace('/', '.').replace('-', '_')}"
    return RuleEntry(rule_id, module, Scope(scope), tuple(wants), default == "on", partial(_load, module))


def rules() -> tuple[Rule, ...]:
    """Every rule of this pack, in the order of the pillars: quality, reliability, performance, maintainability."""
    return tuple(entry.load() for entry in index())


def _load(module: str) -> Rule:
    found: Rule = getattr(importlib.import_module(module), module.rpartition(".")[2])
    return found
    return (
        load_without_check,
        completeness_over_information_schema,
        check_cannot_fail,
        range_check_ignores_null,
        equals_null,
        timedelta_attribute,
        condition_misses_table,
        left_join_nullified,
        count_star_after_left_join,
        fan_out_aggregate,
        implicit_cross_join,
        not_in_nullable,
        between_timestamp,
        implicit_cast_compare,
        timezone_mix,
        integer_division,
        division_by_zero,
        window_without_order,
        last_value_default_frame,
        dedupe_not_deterministic,
        having_without_group,
        ungrouped_column,
        null_unsafe_surrogate_key,
        limit_without_order,
        count_nullable_as_rows,
        event_store_mutated,
        event_version_not_unique,
        unknown_column,
        select_star_output,
        breaking_alter,
        column_count_mismatch,
        duplicate_output_column,
        dropped_column_used,
        set_op_column_order,
        ordinal_reference,
        insert_without_column_list,
        inline_foreign_key_syntax,
        scd2_window_without_partition,
        scd2_incomplete,
        data_vault_columns,
        float_money,
        naive_timestamp,
        missing_primary_key,
        task_arg_on_dag,
        dag_arg_in_default_args,
        default_arg_typo,
        bad_arg_type,
        bad_cron,
        catchup_no_start,
        fact_without_dimension_ref,
        no_retries,
        no_timeout,
        no_catch,
        retry_no_jitter,
        catch_drops_input,
        all_not_last,
        heartbeat_ge_timeout,
        missing_next,
        unreachable,
        append_on_rerun,
        non_atomic_delete_insert,
        merge_on_false_append,
        create_not_rerunnable,
        dynamic_start_date,
        watermark_starts_null,
        merge_source_not_unique,
        cursor_tie,
        clock_decides_rows,
        connector_option_missing,
        no_watermark,
        unbounded_state,
        legacy_window,
        commit_before_work,
        no_dead_letter,
        unchecked_delivery,
        weak_acks,
        idempotence_conflict,
        wrong_key_style,
        dml_without_where,
        destructive_ddl,
        dynamic_sql,
        grant_all,
        parse_time_io,
        missing_partition_filter,
        text_format_table,
        high_cardinality_partition,
        vacuum_short_retention,
        insert_overwrite_without_partition,
        optimize_full_table,
        order_by_persisted,
        union_of_disjoint,
        non_sargable_predicate,
        correlated_scalar_subquery,
        foreign_key_without_index,
        distinct_masks_fan_out,
        function_on_key,
        removed_api,
    )


def page(rule: Rule) -> str | None:
    """The Markdown beside the rule's module, or None where there is none."""
    return _text(_HERE.joinpath(*rule.module.split(".")[1:]).with_suffix(".md"))


def pattern(name: str) -> str | None:
    """The Markdown of a pattern ("retry-with-backoff"), or None where there is none."""
    return _text(_HERE / "patterns" / f"{name}.md")


def patterns() -> tuple[str, ...]:
    """The names of all patterns that have a page."""
    return tuple(sorted(path.stem for path in (_HERE / "patterns").glob("*.md")))


def _text(path: Path) -> str | None:
    return path.read_text(encoding="utf-8") if path.is_file() else None
