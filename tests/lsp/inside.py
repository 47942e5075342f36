"""The server without a process: messages are put in its queue, and what it writes is collected.

Everything between the reading thread and the writer is the real thing; only bytes and threads are left out, so
that tests decide what is in the queue when the loop gets its turn.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any

from lsp.probe import ProbeWorkspace
from lsp.wire import notification, request
from pipesense.lsp.connection import Connection
from pipesense.lsp.transport import Channel


class Inside:
    """One server in the running event loop, and its conversation."""

    def __init__(self, disk: dict[str, str] | None = None) -> None:
        self.sent: list[dict[str, Any]] = []
        self.workspace: ProbeWorkspace
        self.disk = disk if disk is not None else {}
        self._number = 0
        self.connection = Connection(Channel(lambda _: b"", self._write), self._make, "0")

    def _make(self, log: Callable[[Any], None]) -> Any:
        self.workspace = ProbeWorkspace(log, self.disk.get)
        return self.workspace

    def _write(self, data: memoryview) -> int:
        _, _, body = bytes(data).partition(b"\r\n\r\n")
        self.sent.append(json.loads(body))
        return len(data)

    async def say(self, *messages: object) -> None:
        """Put messages in the queue all at once, and let the server work until the queue is empty."""
        for message in messages:
            self.connection.inbox.put(message)
        await self.turns()

    async def turns(self, number: int = 8) -> None:
        """Let the loop run for some turns."""
        for _ in range(number):
            await asyncio.sleep(0)

    async def start(self, capabilities: dict[str, Any], **more: object) -> dict[str, Any]:
        result = await self.ask(
            "initialize", {"processId": None, "rootUri": None, "capabilities": capabilities, **more}
        )
        await self.say(notification("initialized"))
        return result["result"]

    async def ask(self, method: str, params: object = None) -> dict[str, Any]:
        """The whole answer to a request."""
        self._number += 1
        await self.say(request(self._number, method, params))
        return self.answer(self._number)

    def answer(self, number: object) -> dict[str, Any]:
        found = [each for each in self.sent if each.get("id") == number and "method" not in each]
        assert len(found) == 1, f"one answer to {number}, not {found}"
        return found[0]

    def take(self, method: str) -> list[dict[str, Any]]:
        """The messages of one kind that came since the last look."""
        found = [each for each in self.sent if each.get("method") == method]
        self.sent = [each for each in self.sent if each.get("method") != method]
        return found

    async def stop(self) -> None:
        self.connection.session.shutdown()
        await self.turns()
