"""What a system hides of a statement before the parser sees it."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

Reshaped = Mapping[int, str]
"""What hidden words make of a table in FROM (``Source.reshaped``), by the offset at which the table's name starts."""

NOTHING_HIDDEN: Final[Reshaped] = MappingProxyType({})
