"""Passwords and keys that are written into source files."""

from __future__ import annotations

from dataclasses import dataclass

from pipesense.model.change import Replace
from pipesense.model.where import Loc


@dataclass(frozen=True, slots=True)
class SecretLiteral:
    """A secret stands in the code at ``loc``. The fact holds where it is and what it is, never the secret.

    ``kind`` is what it is, as a noun ("a token of GitHub"); ``name`` what the code calls it, "" where it has no name.
    ``edits`` read it from the environment instead, where the whole literal is the secret or an address with one in it.
    """

    kind: str
    name: str
    loc: Loc
    variable: str = ""
    edits: tuple[Replace, ...] = ()
