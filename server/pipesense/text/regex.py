"""Regular expressions that are compiled when they are first used.

Most of the patterns that the modules of a start define are never asked in that run: of 182 a DAG file of 150 lines asks
28. Compiling all of them took one part in twenty-five of the time until its findings were there.
"""

from __future__ import annotations

import re
from typing import Any, Final, cast

_METHODS: Final = ("search", "match", "fullmatch", "finditer", "findall", "split", "sub", "subn")
_FACTS: Final = ("flags", "groups", "groupindex")


class _Regex:
    """Stands for a ``re.Pattern``; its slots are empty until one of them is asked for, and direct from then on."""

    __slots__ = ("_flags", "pattern", *_METHODS, *_FACTS)

    def __init__(self, pattern: str, flags: int) -> None:
        self.pattern = pattern
        self._flags = flags

    def __getattr__(self, name: str) -> Any:
        if name not in _METHODS and name not in _FACTS:
            raise AttributeError(name)
        compiled = re.compile(self.pattern, self._flags)
        for each in (*_METHODS, *_FACTS):
            setattr(self, each, getattr(compiled, each))
        return getattr(compiled, name)


def regex(pattern: str, flags: int = 0) -> re.Pattern[str]:
    """``re.compile(pattern, flags)``, later: the first use of the result raises ``re.error`` for what is no pattern.

    The functions of ``re`` do not take the result; its own methods do the same.
    """
    return cast("re.Pattern[str]", _Regex(pattern, flags))
