"""Which architecture a table belongs to, told from who writes it: never from the names of files and folders."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from pipesense.engine.hover_base import Making, code, users
from pipesense.engine.index import Key
from pipesense.model.data import WRITES, Access, AccessMode, DatasetName
from pipesense.model.layers import medallion_layer
from pipesense.model.sql import Statement
from pipesense.model.stream import Stream
from pipesense.model.value import Known
from pipesense.rule.context import DatasetUse

_REPLAYABLE: Final = frozenset({"kafka", "upsert-kafka", "pulsar", "kinesis"})
_STARTS: Final = ("scan.startup.mode", "scan.stream.initpos", "source.start.message-id")
_HOLDS: Final = ("rows as they came", "cleaned and joined", "ready for those who use it")
"""What each layer of ``MEDALLION`` holds."""
_BEGINNING: Final = frozenset({"earliest-offset", "earliest", "trim_horizon"})


def architecture(
    made: Making, access: Access, statement: Statement, uses: Sequence[DatasetUse]
) -> Iterator[tuple[str, str]]:
    """Patterns with what makes this table one of their cases."""
    written = [use for use in uses if use.access.mode in WRITES]
    streams = [use for use in written if use.access.streaming]
    batches = [use for use in written if not use.access.streaming]
    if streams and batches:
        note = f"A stream ({users(streams)}) and a batch ({users(batches)}) write {code(access.dataset)}."
        yield "lambda-architecture", note
    elif streams and access.mode in WRITES and (topics := _only_replayable(made, statement)):
        note = f"{code(access.dataset)} is made from {', '.join(map(code, topics))} alone, read from the beginning."
        yield "kappa-architecture", note


def architecture_of_code(access: Access, uses: Sequence[DatasetUse]) -> str:
    """What makes a table that code writes a case of the Lambda architecture; "" where nothing does."""
    written = [use for use in uses if use.access.mode in WRITES]
    streams = [use for use in written if use.access.streaming]
    batches = [use for use in written if not use.access.streaming]
    if access.mode not in WRITES or not streams or not batches:
        return ""
    return f"A stream ({users(streams)}) and a batch ({users(batches)}) write {code(access.dataset)}."


def layer_line(dataset: DatasetName, configured: Mapping[str, str]) -> Iterator[str]:
    """The layer of the medallion architecture that a dataset's name says, with what belongs there."""
    layered = medallion_layer(dataset, configured)
    if layered is not None:
        yield f"- layer: {layered.word} ({_HOLDS[layered.rank]}), by {code(layered.by)}"


def _only_replayable(made: Making, statement: Statement) -> list[str]:
    """The tables that a statement reads, if each is a topic that is kept and read from its beginning."""
    topics: list[str] = []
    for read in statement.accesses:
        if read.mode is not AccessMode.READ or read.temporary:
            continue
        found = made.answers.relations.find(read.dataset.parts, statement, set[Key]())
        stream = found.value.stream if isinstance(found, Known) else None
        if stream is None or not _from_beginning(stream):
            return []
        topics.append(str(read.dataset))
    return topics


def _from_beginning(stream: Stream) -> bool:
    if stream.connector not in _REPLAYABLE:
        return False
    options = [option for key in _STARTS if (option := stream.option(key)) is not None]
    return any(option.value.lower() in _BEGINNING for option in options)
