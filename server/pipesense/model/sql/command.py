"""Statements that change neither rows nor relations, and those that the parser leaves as plain text."""

from __future__ import annotations

from dataclasses import dataclass

from pipesense.model.sql.query import Expr
from pipesense.text.span import Span


@dataclass(frozen=True, slots=True)
class Principal:
    """Who is granted something; ``kind`` is "role", "user", "group", "share" or "" where it is not said."""

    name: str
    kind: str
    span: Span


@dataclass(frozen=True, slots=True)
class Grant:
    """GRANT, REVOKE or DENY."""

    verb: str
    """"grant", "revoke" or "deny"."""
    privileges: tuple[str, ...]
    """In upper case, without column lists: "SELECT", "ALL PRIVILEGES"; () where a role is granted."""
    everything: bool
    """ALL is among them."""
    kind: str
    """What they are on, in lower case: "table", "schema", "all tables in schema"; "role" where a role is granted; ""
    where it is not said."""
    objects: tuple[tuple[str, ...], ...]
    principals: tuple[Principal, ...]
    grant_option: bool
    privileges_span: Span
    span: Span


@dataclass(frozen=True, slots=True)
class Setting:
    """``SET name = value``; ``name`` as written without quotes, dots included, ``value`` without quotes.

    ``scope``: "session", "local", "global" ... or "".
    """

    name: str
    value: str
    scope: str
    name_span: Span
    value_span: Span


@dataclass(frozen=True, slots=True)
class Argument:
    """An argument or option of a command; ``name`` in lower case, "" for one by position."""

    name: str
    value: Expr | None
    """None for a word alone (DRY RUN) and for what cannot be read."""
    span: Span


@dataclass(frozen=True, slots=True)
class Command:
    """A statement by its words.

    ``verb``, and what its arguments are called:

    - "vacuum": "retain" (hours), "dry run", "full" ...
    - "optimize": "where", "zorder by", "partition", "final"; ``ALTER TABLE t EXECUTE optimize`` too
    - "call" (CALL, EXEC of a procedure): by name or by position; "execute" (of a prepared statement) likewise
    - "execute immediate" (also EXEC (...), sp_executesql, PREPARE ... FROM): ``dynamic`` is the SQL text that is run
    - "execute task", "msck repair", "refresh", "create task", "create stream": "schedule", "warehouse", "after",
      "when", "on" ...
    """

    verb: str
    target: tuple[str, ...]
    target_span: Span | None
    arguments: tuple[Argument, ...]
    dynamic: Expr | None
    span: Span

    def argument(self, name: str) -> Argument | None:
        """The first argument of a name."""
        return next((one for one in self.arguments if one.name == name), None)
