"""The layers of a project, told from folders and prefixes.

https://docs.getdbt.com/best-practices/how-we-structure/1-guide-overview and the medallion words for the same.
"""

from __future__ import annotations

import re
from enum import IntEnum
from typing import Final

from pipesense.text.regex import regex


class Layer(IntEnum):
    """From raw to ready, in the order in which data may flow."""

    RAW = 0
    STAGING = 1
    MIDDLE = 2
    MART = 3

    @property
    def word(self) -> str:
        """The layer with what the medallion architecture calls it."""
        return _WORDS[self]


_WORDS: Final = {
    Layer.RAW: "raw (bronze)",
    Layer.STAGING: "staging (bronze to silver)",
    Layer.MIDDLE: "intermediate (silver)",
    Layer.MART: "mart (gold)",
}
_FOLDERS: Final = {
    **dict.fromkeys(("raw", "bronze", "base", "landing"), Layer.RAW),
    **dict.fromkeys(("staging", "stg", "stage"), Layer.STAGING),
    **dict.fromkeys(("intermediate", "int", "silver"), Layer.MIDDLE),
    **dict.fromkeys(("marts", "mart", "gold", "reporting", "reports", "presentation"), Layer.MART),
}
_PREFIX: Final = regex(
    r"(?:(?P<raw>base|raw|bronze)|(?P<staging>stg|staging)|(?P<middle>int|intermediate|silver)"
    r"|(?P<mart>fct|fact|dim|mart|rpt|agg|gold))_",
    re.IGNORECASE,
)
_BY_GROUP: Final = {"raw": Layer.RAW, "staging": Layer.STAGING, "middle": Layer.MIDDLE, "mart": Layer.MART}


WORDS: Final = {
    "raw": Layer.RAW,
    "bronze": Layer.RAW,
    "staging": Layer.STAGING,
    "intermediate": Layer.MIDDLE,
    "silver": Layer.MIDDLE,
    "mart": Layer.MART,
    "gold": Layer.MART,
}
"""What layers are called in a configuration."""

Configured = tuple[tuple[str, str], ...]
"""Folders, or prefixes with their ``_``, and the words for their layers."""


def layer_of(name: str, place: tuple[str, ...], configured: Configured = ()) -> Layer | None:
    """The layer of a model: the configuration says it, else its prefix, else the outermost folder that does."""
    found = layer_and_reason(name, place, configured)
    return found[0] if found is not None else None


def layer_and_reason(name: str, place: tuple[str, ...], configured: Configured = ()) -> tuple[Layer, str] | None:
    """The layer of a model, and what tells it."""
    folders = {each.lower() for each in place}
    for key, word in configured:
        said = key.lower()
        if word in WORDS and (name.lower().startswith(said) if said.endswith("_") else said in folders):
            what = "prefix" if said.endswith("_") else "folder"
            return WORDS[word], f"its {what} {key} and the setting layers"
    match = _PREFIX.match(name)
    if match is not None and match.lastgroup is not None:
        return _BY_GROUP[match.lastgroup], f"its prefix {match.group()}"
    folder = next((each for each in place if each.lower() in _FOLDERS), None)
    return (_FOLDERS[folder.lower()], f"its folder {folder}") if folder is not None else None
