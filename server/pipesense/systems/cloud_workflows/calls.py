"""What a step calls: a request over HTTP, a connector, the standard library, or another part of the workflow.

https://cloud.google.com/workflows/docs/http-requests, https://cloud.google.com/workflows/docs/connectors
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from pipesense.lang.yaml.nodes import Mapping, Node, mapping, scalar

REQUEST_LIMIT: Final = timedelta(seconds=300)
"""How long a request may take where nothing is said; 1800 seconds is the most."""
CALLBACK_LIMIT: Final = timedelta(hours=12)
"""How long a callback is waited for where nothing is said."""
_REPEATABLE: Final = frozenset(("get", "put", "delete", "head", "options"))


@dataclass(frozen=True, slots=True)
class Call:
    """One call. ``verb`` is the method of a request in lower case, "" where it is none or nobody can tell."""

    name: str
    node: Node
    verb: str
    timeout: Node | None
    keyed: bool
    """It carries a key by which the other side knows a request that comes twice."""

    @property
    def is_request(self) -> bool:
        """Whether it goes over HTTP without a connector's own retries."""
        return self.name.startswith("http.")

    @property
    def is_connector(self) -> bool:
        """Whether it is a connector, which repeats by itself what may be repeated."""
        return self.name.startswith(("googleapis.", "experimental.executions."))

    @property
    def is_callback(self) -> bool:
        """Whether it waits for somebody to answer."""
        return self.name == "events.await_callback"

    @property
    def is_repeatable(self) -> bool:
        """Whether asking twice means the same as asking once, by the method's definition."""
        return self.verb in _REPEATABLE


def call_of(body: Mapping) -> Call | None:
    """What a step's body calls."""
    entry = body.entry("call")
    name = scalar(entry.value) if entry is not None else None
    if entry is None or name is None:
        return None
    args = mapping(body.get("args"))
    verb = name.removeprefix("http.").lower() if name.startswith("http.") else ""
    if verb == "request":
        verb = ((scalar(args.get("method")) if args is not None else None) or "").lower()
    verb = "" if "${" in verb else verb
    headers = mapping(args.get("headers")) if args is not None else None
    keyed = headers is not None and any("idempotency" in key.lower() for key in headers.keys())  # noqa: SIM118
    timeout = args.entry("timeout") if args is not None else None
    return Call(name, entry.value, verb, timeout.value if timeout is not None else None, keyed)
