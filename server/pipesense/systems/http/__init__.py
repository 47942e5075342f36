"""HTTP clients: requests, httpx, aiohttp, urllib and urllib3, and what repeats and checks their requests."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from pipesense.lang.python.module import Module
from pipesense.model.change import Change, Refusal, Replace
from pipesense.model.value import Version
from pipesense.systems.system import Embed, Lifted, PythonSystem


def _version(module: Module, files: Mapping[str, str], configured: str | None) -> Version:
    """What is read of the clients is the same in all their versions."""
    return Version()


def _lift(module: Module, version: Version, embed: Embed) -> Lifted:
    from pipesense.systems.http.lift import lift

    return lift(module)


def _write(change: Change, module: Module, version: Version) -> tuple[Replace, ...] | Refusal:
    """Facts of this system carry their own edits."""
    return Refusal("a client of HTTP has no such setting")


SYSTEM: Final = PythonSystem("http", ("requests", "httpx", "aiohttp", "urllib"), (), _version, _lift, _write)
