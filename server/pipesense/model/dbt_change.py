"""What fixes of dbt projects ask for: keys in YAML files, settings in a model's own file."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from pipesense.model.where import Loc

Written: TypeAlias = str | int | bool | list["Written"] | dict[str, "Written"] | None
"""A value as YAML has it."""


@dataclass(frozen=True, slots=True)
class SetYaml:
    """Give the mapping at ``at`` a value on a way of keys; mappings that are missing on it are made."""

    at: Loc
    way: tuple[str, ...]
    value: Written


@dataclass(frozen=True, slots=True)
class AddToYaml:
    """Add items to the list on a way of keys below the mapping at ``at``; it is made where it is missing."""

    at: Loc
    way: tuple[str, ...]
    items: tuple[Written, ...]


@dataclass(frozen=True, slots=True)
class AddBeside:
    """Add an item to the list that holds the mapping at ``at``."""

    at: Loc
    item: Written


@dataclass(frozen=True, slots=True)
class MoveYaml:
    """Move keys of the mapping at ``at`` into its mapping ``into``."""

    at: Loc
    keys: tuple[str, ...]
    into: str


@dataclass(frozen=True, slots=True)
class RemoveYaml:
    """Take an item out of the list at ``at``, or a key out of the mapping there; ``what`` is its place."""

    at: Loc
    what: Loc


@dataclass(frozen=True, slots=True)
class SetConfig:
    """Give a setting to a model in its own file. ``config`` is its first call of config, None where it has none;
    ``start`` the file's first character. ``text`` is the value as Jinja writes it.
    """

    start: Loc
    config: Loc | None
    key: str
    text: str


DbtChange: TypeAlias = SetYaml | AddToYaml | AddBeside | MoveYaml | RemoveYaml | SetConfig
