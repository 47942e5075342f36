"""Lifts jobs of PyFlink's DataStream and Table API.

Names were read off apache-flink 2.3.0.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import Final

from pipesense.lang.python.instances import Instances
from pipesense.lang.python.module import Module
from pipesense.lang.python.nodes import nodes_under
from pipesense.lang.python.syntax import parsed_of
from pipesense.model.code import ObsoleteUse, PatternSite, UnrunJob
from pipesense.model.stream_job import KeyedState, StreamJob, TableGroup
from pipesense.model.value import Absent, Known, Unknown, Value, Version
from pipesense.model.where import Loc
from pipesense.systems.flink.obsolete import called, imported
from pipesense.systems.flink.sinks import WINDOW, sink_sites, unnamed_transactions
from pipesense.systems.flink.table_api import KEEPING, READ, described_table, group_note, table_group, table_read
from pipesense.text.regex import regex
from pipesense.text.span import Span

_ENVIRONMENTS: Final = {
    "pyflink.datastream.StreamExecutionEnvironment.get_execution_environment": "{env}.enable_checkpointing(60_000)",
    "pyflink.table.TableEnvironment.create": '{env}.get_config().set("execution.checkpointing.interval", "1 min")',
    "pyflink.table.StreamTableEnvironment.create": "",
}
_SOURCES: Final = frozenset(
    {"KafkaSource", "FlinkKafkaConsumer", "PulsarSource", "FlinkKinesisConsumer", "KinesisStreamsSource", "RMQSource"}
)
_WINDOWS: Final = frozenset(
    {"TumblingEventTimeWindows", "SlidingEventTimeWindows", "EventTimeSessionWindows", "DynamicEventTimeSessionWindows"}
)
_STATES: Final = frozenset({"ValueStateDescriptor", "ListStateDescriptor", "MapStateDescriptor"})
_FORGETS: Final = frozenset(
    {"enable_time_to_live", "clear", "register_event_time_timer", "register_processing_time_timer"}
)
_BROKER_TABLE: Final = regex(
    r"CREATE\s+(?:TEMPORARY\s+)?TABLE\s+(?:IF\s+NOT\s+EXISTS\s+)?`?(\w+)`?[^;]*?'connector'\s*=\s*"
    r"'((?:upsert-)?kafka|kinesis|pulsar|rabbitmq|[\w-]+-cdc)'",
    re.I | re.S,
)
_ENDLESS: Final = frozenset({"kafka", "upsert-kafka", "kinesis", "pulsar", "rabbitmq"})
_OUTSIDE: Final = ("kinesisanalytics", "application_properties", "flink-conf.yaml", "config.yaml")
"""Words of programs whose checkpoints are switched on by whoever runs them."""
_STARTS: Final = frozenset(
    {"execute", "execute_async", "execute_and_collect", "execute_sql", "execute_insert", "add_insert", "collect"}
)
_SINKS: Final = frozenset({"print", "sink_to", "add_sink"})
_BEGINS: Final = frozenset({"from_source", "from_collection", "add_source"})


@dataclass(slots=True)
class _Made:
    """An environment: the call, the name it is kept by, the end of its statement."""

    loc: Loc
    name: str
    variable: str
    after: Loc
    indent: str


@dataclass(slots=True)
class Signs:
    """What one top-level statement says of the file's job."""

    made: list[_Made] = field(default_factory=list)
    sources: list[tuple[Loc, str]] = field(default_factory=list)
    tables: list[tuple[Loc, str, str]] = field(default_factory=list)
    strings: list[str] = field(default_factory=list)
    words: set[str] = field(default_factory=set)
    windows: list[tuple[Loc, str]] = field(default_factory=list)
    unmarked: list[Loc] = field(default_factory=list)
    unnamed: list[Loc] = field(default_factory=list)
    states: list[KeyedState] = field(default_factory=list)
    obsolete: list[ObsoleteUse] = field(default_factory=list)
    sites: list[PatternSite] = field(default_factory=list)
    groups: list[TableGroup] = field(default_factory=list)
    paths: set[str] = field(default_factory=set)
    """Tables that are read by name."""
    given: set[str] = field(default_factory=set)
    """Names that somebody else gets."""


def job_of(
    module: Module, version: Version
) -> tuple[tuple[StreamJob | UnrunJob, ...], tuple[ObsoleteUse, ...], list[PatternSite]]:
    """The job that a file makes, if any; what its Flink gave up; places worth a hover."""
    signs = module.memo_each(("flink: job", version), module.body, partial(_signs, module, version))
    obsolete = tuple(use for each in signs for use in each.obsolete)
    made = [found for each in signs for found in each.made]
    first = next((each for each in made if not each.name.endswith("StreamTableEnvironment.create")), None)
    if first is None:
        return (), obsolete, []
    words = frozenset(word for each in signs for word in each.words)
    strings = [text for each in signs for text in each.strings]
    loc, what = _endless(signs, strings, words)
    window = next((found for each in signs for found in each.windows), None)
    tables = next((each for each in made if "Table" in each.name and each.variable), None)
    job = StreamJob(
        system="flink",
        loc=first.loc,
        endless=loc,
        endless_what=what,
        checkpointing=_checkpointing(strings, words),
        event_time_window=window[0] if window else None,
        window_text=window[1] if window else "",
        watermarked=bool(words & {"assign_timestamps_and_watermarks", "for_bounded_out_of_orderness"})
        or bool(words & {"for_monotonous_timestamps", "for_generator", "from_data_stream", "to_data_stream"}),
        no_watermarks=next((found for each in signs for found in each.unmarked), None),
        states=tuple(state for each in signs for state in each.states),
        groups=tuple(_growing(signs, strings)),
        unnamed_transactions=tuple(loc for each in signs for loc in each.unnamed),
        after=first.after if first.variable else None,
        indent=first.indent,
        checkpoint_statement=_ENVIRONMENTS[first.name].format(env=first.variable) if first.variable else "",
        state_ttl=_state_ttl(strings, words),
        ttl_statement=_TTL.format(env=tables.variable) if tables is not None else "",
        ttl_after=tables.after if tables is not None else None,
        ttl_indent=tables.indent if tables is not None else "",
    )
    sites = [*_sites(job), *(site for each in signs for site in each.sites)]
    return (job, *_unrun(first, words, signs)), obsolete, sites


def _unrun(made: _Made, words: frozenset[str], signs: list[Signs]) -> Iterator[UnrunJob]:
    """A job of the DataStream API with sources and sinks that nothing starts."""
    if not made.name.endswith("get_execution_environment") or words & _STARTS or not words & _SINKS:
        return
    if not words & _BEGINS or not made.variable.isidentifier() or any(made.variable in each.given for each in signs):
        return
    why = "Sources, operators and sinks are described only, and the program ends without an error"
    remedy = f"Call {made.variable}.execute() behind the last sink"
    yield UnrunJob("flink", made.loc, "the job", why, remedy)


def _sites(job: StreamJob) -> Iterator[PatternSite]:
    if isinstance(job.checkpointing, Known):
        note = "This job takes checkpoints: after a failure it goes on from the last one, state and positions together."
    elif isinstance(job.checkpointing, Absent):
        note = "This job takes no checkpoints: after a failure its state is empty and its positions are forgotten."
    else:
        note = f"Whether this job takes checkpoints cannot be told: {job.checkpointing.why}."
    yield PatternSite("checkpointing", job.loc, note)
    for group in job.groups:
        yield PatternSite("state-ttl", group.loc, group_note(group, job.state_ttl))
    for state in job.states:
        note = (
            f"State: **let go by its class**. One {_HELD[state.kind]} for every key, until a time to live is over, or "
            "the class clears it."
            if state.cleared
            else f"State: **no bound**. One {_HELD[state.kind]} for every key that was ever seen; nothing in its class "
            "lets go of any."
        )
        yield PatternSite("state-ttl", state.loc, note)


_HELD: Final = {"ValueStateDescriptor": "value", "ListStateDescriptor": "list", "MapStateDescriptor": "map"}


def _growing(signs: list[Signs], strings: list[str]) -> Iterator[TableGroup]:
    """Groups of tables that take inserts only and never end; a changelog's state is as large as its table."""
    if any("scan.bounded" in text for text in strings):
        return
    endless = {
        table
        for each in signs
        for _, table, connector in each.tables
        if not connector.startswith("upsert-") and not connector.endswith("-cdc")
    }
    yield from (group for each in signs for group in each.groups if group.table in endless)


def _endless(signs: list[Signs], strings: list[str], words: frozenset[str]) -> tuple[Loc | None, str]:
    """A source that never ends."""
    if "set_bounded" not in words:
        for each in signs:
            for loc, what in each.sources:
                return loc, what
    paths = frozenset(path for each in signs for path in each.paths)
    for each in signs:
        for loc, table, connector in each.tables:
            reads = re.compile(rf"\b(?:FROM|JOIN)\s+(?:\w+\s*\(\s*TABLE\s+)?`?{re.escape(table)}\b", re.I)
            if table in paths or any(reads.search(text) for text in strings):
                return loc, f"{table} ({connector})"
    return None, ""


def _checkpointing(strings: list[str], words: frozenset[str]) -> Value[bool]:
    if words & {"enable_checkpointing", "set_checkpoint_interval"} or any(
        "execution.checkpointing" in s for s in strings
    ):
        return Known(True)
    outside = next((word for text in strings for word in _OUTSIDE if word in text.lower()), "")
    if outside:
        return Unknown(f"whoever runs it may switch them on ({outside})")
    if words & {"configure", "load_configuration"}:
        return Unknown("its configuration is read from elsewhere")
    return Absent(Known(False))


_TTL: Final = '{env}.get_config().set("table.exec.state.ttl", "1 d")'


def _state_ttl(strings: list[str], words: frozenset[str]) -> Value[bool]:
    if "set_idle_state_retention" in words or any("table.exec.state.ttl" in text for text in strings):
        return Known(True)
    outside = next((word for text in strings for word in _OUTSIDE if word in text.lower()), "")
    if outside:
        return Unknown(f"whoever runs it may say so ({outside})")
    if words & {"configure", "load_configuration", "add_configuration", "with_configuration"}:
        return Unknown("its configuration is read from elsewhere")
    return Absent(Known(False))


def _signs(module: Module, version: Version, statement: ast.stmt) -> Signs:
    found = Signs()
    instances = Instances(module)
    kept = {id(node.value): node for node in nodes_under(statement) if isinstance(node, ast.Assign)}
    for node in nodes_under(statement):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value:
            _string(module, node, node.value, found)
        elif isinstance(node, ast.Attribute):
            found.words.add(node.attr)
        if isinstance(node, ast.Call):
            found.given |= {each.id for each in node.args if isinstance(each, ast.Name)}
            _call(module, instances, version, node, kept, found)
        elif isinstance(node, ast.Return) and isinstance(node.value, ast.Name):
            found.given.add(node.value.id)
        elif isinstance(node, ast.ClassDef):
            found.states += _states(module, node)
        elif isinstance(node, ast.Import | ast.ImportFrom):
            found.obsolete += imported(module, node, version, isinstance(statement, ast.Try))
    return found


def _string(module: Module, node: ast.Constant, text: str, found: Signs) -> None:
    if len(text) < 200 and not re.search(r"\s", text):
        found.strings.append(text)
        return
    upper = text.upper()
    if "FROM" in upper or "JOIN" in upper or "CHECKPOINT" in upper:
        found.strings.append(text)
    if "'CONNECTOR'" in upper:
        found.strings.append(text)
        for hit in _BROKER_TABLE.finditer(text):
            found.tables.append((module.loc(node), hit.group(1), hit.group(2).lower()))


def _call(
    module: Module, instances: Instances, version: Version, call: ast.Call, kept: dict[int, ast.Assign], found: Signs
) -> None:
    func = call.func
    last = func.attr if isinstance(func, ast.Attribute) else func.id if isinstance(func, ast.Name) else ""
    if last in ("get_execution_environment", "create"):
        for name in module.qualified(func):
            if name in _ENVIRONMENTS:
                found.made.append(_made(module, call, name, kept.get(id(call))))
                if name.endswith("get_execution_environment") and call.args and not _is_configuration(module, call):
                    found.words.add("configure")
        return
    if last == "monitor_continuously":
        found.sources.append((module.loc(call), "a folder that is watched"))
    unnamed = unnamed_transactions(module, call) if last == "build" else None
    if unnamed is not None:
        found.unnamed.append(unnamed)
    _of_tables(module, call, last, found)
    if last == "no_watermarks":
        found.unmarked.append(module.loc(call))
    owner = _root(func)
    if owner in _SOURCES or last in _SOURCES:
        found.sources.append((module.loc(call), owner if owner in _SOURCES else last))
    if owner in _WINDOWS:
        found.windows.append((module.loc(call), owner))
        found.sites.append(PatternSite("state-ttl", module.loc(call), WINDOW))
    found.sites += sink_sites(module, call, last)
    found.obsolete += called(module, instances, call, version)


def _of_tables(module: Module, call: ast.Call, last: str, found: Signs) -> None:
    """What a call of the Table API reads, describes or keeps."""
    if last in KEEPING:
        group = table_group(module, call)
        found.groups += [group] if group is not None else []
    elif last == READ:
        found.paths |= {table_read(module, call)}
    elif last in ("create_temporary_table", "create_table"):
        name, connector = described_table(module, call)
        if connector in _ENDLESS:
            found.tables.append((module.loc(call), name, connector))


def _is_configuration(module: Module, call: ast.Call) -> bool:
    """Whether the environment gets a configuration that this file fills."""
    return any("Configuration()" in name for name in module.qualified(call.args[0]))


def _root(func: ast.expr) -> str:
    """The class at the bottom of ``KafkaSource.builder().set_topics(...)``; "" in the middle of a chain."""
    return func.value.id if isinstance(func, ast.Attribute) and isinstance(func.value, ast.Name) else ""


def _made(module: Module, call: ast.Call, name: str, statement: ast.Assign | None) -> _Made:
    loc = module.loc(call)
    target = statement.targets[0] if statement is not None else None
    kept = isinstance(target, ast.Attribute) and isinstance(target.value, ast.Name)
    if statement is None or not (isinstance(target, ast.Name) or kept):
        return _Made(loc, name, "", loc, "")
    unit = parsed_of(statement)
    span = unit.span_of(statement)
    end = unit.text.find("\n", span.end)
    start = unit.text.rfind("\n", 0, span.start) + 1
    after = loc.at(Span(end, end)) if end >= 0 else loc.at(Span(len(unit.text), len(unit.text)))
    return _Made(loc, name, module.text_of(statement.targets[0]), after, unit.text[start : span.start])


def _states(module: Module, node: ast.ClassDef) -> Iterator[KeyedState]:
    """State of a function's class, unless something in the class lets go of it."""
    words = {each.attr for each in nodes_under(node) if isinstance(each, ast.Attribute)}
    for call in nodes_under(node):
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Name | ast.Attribute):
            kind = call.func.id if isinstance(call.func, ast.Name) else call.func.attr
            if kind in _STATES and any(name.startswith("pyflink.") for name in module.qualified(call.func)):
                yield KeyedState(module.loc(call), kind, bool(words & _FORGETS))
