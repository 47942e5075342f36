"""The layers of a project, told from folders and prefixes.

https://docs.getdbt.com/best-practices/how-we-structure/1-guide-overview and the medallion words for the same.
"""

from __future__ import annotations

import re
from enum import IntEnum
from typing import Final


class Layer(IntEnum):
    """From raw to ready, in the order in which data may flow."""

    RAW = 0
    STAGING = 1
    MIDDLE = 2
    MART = 3


_FOLDERS: Final = {
    **dict.fromkeys(("raw", "bronze", "base", "landing"), Layer.RAW),
    **dict.fromkeys(("staging", "stg", "stage"), Layer.STAGING),
    **dict.fromkeys(("intermediate", "int", "silver"), Layer.MIDDLE),
    **dict.fromkeys(("marts", "mart", "gold", "reporting", "reports", "presentation"), Layer.MART),
}
_PREFIX: Final = re.compile(
    r"(?:(?P<raw>base|raw|bronze)|(?P<staging>stg|staging)|(?P<middle>int|intermediate|silver)"
    r"|(?P<mart>fct|fact|dim|mart|rpt|agg|gold))_",
    re.IGNORECASE,
)
_BY_GROUP: Final = {"raw": Layer.RAW, "staging": Layer.STAGING, "middle": Layer.MIDDLE, "mart": Layer.MART}


def layer_of(name: str, place: tuple[str, ...]) -> Layer | None:
    """The layer of a model: its prefix says it, else the outermost folder that does."""
    match = _PREFIX.match(name)
    if match is not None and match.lastgroup is not None:
        return _BY_GROUP[match.lastgroup]
    return next((_FOLDERS[each.lower()] for each in place if each.lower() in _FOLDERS), None)
