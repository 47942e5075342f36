"""Requests that code sends to other people's services."""

from __future__ import annotations

from dataclasses import dataclass

from pipesense.model.change import Replace
from pipesense.model.value import Value
from pipesense.model.where import Loc


@dataclass(frozen=True, slots=True)
class HttpCall:
    """One request that the code in ``scope`` sends.

    ``loc`` is the callee (``requests.get``). ``timeout`` is Absent where nothing ends the wait and the library has no
    limit of its own, Known where there is one. ``retried`` names what repeats a failed request. ``checked`` names what
    looks at the answer's status, Absent where the body is used and nothing does; its default is Known where the body is
    at least parsed. ``looped``: it stands in a loop that
    asks for page after page, or for thing after thing.
    """

    library: str
    written: str
    scope: str
    loc: Loc
    timeout: Value[str]
    retried: Value[str]
    checked: Value[str]
    looped: bool
    add_timeout: tuple[Replace, ...] = ()
    add_retries: tuple[Replace, ...] = ()
    retry_imports: tuple[tuple[str, str], ...] = ()
    check_status: tuple[Replace, ...] = ()


@dataclass(frozen=True, slots=True)
class HttpCalls:
    """All requests that a file sends, in its order; ``orchestrated`` says that the file belongs to an orchestrator."""

    calls: tuple[HttpCall, ...]
    orchestrated: bool


@dataclass(frozen=True, slots=True)
class GraphqlAnswer:
    """The answer of a GraphQL request is read at ``loc``, and nobody looks at its ``errors``."""

    scope: str
    loc: Loc


@dataclass(frozen=True, slots=True)
class PagedRequest:
    """A request for a page of a list.

    ``size`` is how many it asks for at once, as written; ``follows`` that the code goes on to the next page;
    ``paces`` that it waits, limits its rate or listens to Retry-After.
    """

    scope: str
    loc: Loc
    size: str
    follows: bool
    paces: bool
