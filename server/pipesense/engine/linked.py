"""What linking one file gives: model objects, what other files may know, and what could not be read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pipesense.engine.index import Key
from pipesense.model.code import PatternSite, ScopeCode, ScopeEffects
from pipesense.model.flow import Pipeline
from pipesense.model.sql import Script
from pipesense.model.value import Version
from pipesense.model.where import Loc


@dataclass(frozen=True, slots=True)
class Unread:
    """A stretch that could not be read, and why."""

    loc: Loc
    why: str


@dataclass(frozen=True, slots=True)
class Linked:
    """One file's facts.

    ``scripts`` by the number of the unit that holds them (0 for a SQL file's own). ``effects`` of the
    functions that tasks run, by scope name. ``code``: what data systems say of the file's functions, by scope name.
    ``facts`` are those that rules want as they are.
    """

    module: str = ""
    """The prefix of the names of a Python file's own scopes."""
    pipelines: tuple[Pipeline, ...] = ()
    scripts: Mapping[int, Script] = field(default_factory=dict)
    facts: tuple[object, ...] = ()
    sites: tuple[PatternSite, ...] = ()
    effects: Mapping[str, ScopeEffects] = field(default_factory=dict)
    code: Mapping[str, tuple[ScopeCode, ...]] = field(default_factory=dict)
    versions: Mapping[str, Version] = field(default_factory=dict)
    unread: tuple[Unread, ...] = ()
    recognised: tuple[Unread, ...] = ()
    """What is known by its first words while nothing in it is judged."""
    exports: Mapping[Key, Any] = field(default_factory=dict)
    reads: frozenset[Key] = frozenset()
