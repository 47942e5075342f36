"""Groups of operations that rules ask for: what a clock is, what chance is, what hashes."""

from __future__ import annotations

from typing import Final

CLOCKS: Final = frozenset({"current_timestamp", "current_date", "current_time"})
"""The time at which the statement runs, in every spelling (NOW, GETDATE, SYSDATE ...)."""
RANDOM: Final = frozenset({"rand", "uuid"})
"""Another value at each call."""
HASHES: Final = frozenset({"md5", "sha1", "sha2", "farm_fingerprint", "hash"})
"""A short value made of a long one; "hash" for all that are neither MD5 nor SHA nor FarmHash."""
