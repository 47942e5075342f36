"""A streaming program that an engine runs: how it recovers, how it knows the time of events, what state it keeps."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from pipesense.model.value import Unknown, Value
from pipesense.model.where import Loc


@dataclass(frozen=True, slots=True)
class KeyedState:
    """State that a function keeps for every key. ``cleared``: the code around it lets go of it at some time."""

    loc: Loc
    kind: str
    cleared: bool


@dataclass(frozen=True, slots=True)
class TableGroup:
    """Rows of a table that are grouped by something else than time, or told apart: one result for each is kept.

    ``loc`` is the method's name. ``columns`` are what it groups by, () where that is not known, or all of them.
    """

    loc: Loc
    method: str
    table: str
    columns: tuple[str, ...]


_UNSAID: Final = Unknown("nobody looked")


@dataclass(frozen=True, slots=True)
class StreamJob:
    """A job as the file makes it.

    ``loc`` is the call that makes its environment. ``endless`` is a source that never ends, ``endless_what`` its name.
    ``checkpointing``: whether the job can go on where it stopped; Unknown where something outside may say so.
    ``event_time_window``: a window over the time of events, where the file has one. ``watermarked``: something says
    how late events may come; ``no_watermarks`` is the place that says nothing does. ``after`` is the end of the
    statement that makes the environment, ``checkpoint_statement`` a statement that switches checkpoints on.
    """

    system: str
    loc: Loc
    endless: Loc | None
    endless_what: str
    checkpointing: Value[bool]
    event_time_window: Loc | None = None
    window_text: str = ""
    watermarked: bool = False
    no_watermarks: Loc | None = None
    states: tuple[KeyedState, ...] = ()
    after: Loc | None = None
    indent: str = ""
    checkpoint_statement: str = ""
    state_ttl: Value[bool] = _UNSAID
    """Whether the program says how long the state of its SQL is kept; Unknown where something outside may."""
    unnamed_transactions: tuple[Loc, ...] = ()
    """The guarantee of a sink that writes in transactions and gives them no name."""
    sql: tuple[Loc, ...] = ()
    """The strings of SQL that the program runs, one place in each."""
    groups: tuple[TableGroup, ...] = ()
    """Groups without a window over tables that never end."""
    ttl_statement: str = ""
    """A statement that lets go of the state of a key, and ``ttl_after`` the place for it, with its ``ttl_indent``."""
    ttl_after: Loc | None = None
    ttl_indent: str = ""


@dataclass(frozen=True, slots=True)
class UndeclaredTable:
    """A table that a streaming program fills and never creates, although it creates others.

    ``loc`` is its name. Whether another file creates it is not known here.
    """

    system: str
    name: str
    loc: Loc
