"""A minimal language client over stdio, and what the system knows of a server process.

Only the standard library is needed.  CPU time and memory come from /proc (Linux); elsewhere they are None.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import statistics
import time
from pathlib import Path
from typing import Any

# On Python 3.10 asyncio raises its own TimeoutError.
TIMED_OUT = (TimeoutError, asyncio.TimeoutError)
Json = dict[str, Any]


class ServerDied(RuntimeError):
    """The server closed its output, or refused a request without which nothing can be measured."""


def process_tree(pid: int) -> list[int]:
    """A process and its live descendants."""
    found, todo = [], [pid]
    while todo:
        p = todo.pop()
        found.append(p)
        try:
            for thread in os.listdir(f"/proc/{p}/task"):
                todo += [int(c) for c in Path(f"/proc/{p}/task/{thread}/children").read_text().split()]
        except OSError:
            continue
    return found


def tree_cpu_ms(pid: int) -> float | None:
    """CPU time of a process and its live and reaped descendants, in milliseconds."""
    total, seen = 0.0, False
    for p in process_tree(pid):
        try:
            stat = Path(f"/proc/{p}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        # proc(5): utime, stime, cutime, cstime
        total += sum(int(x) for x in stat[11:15]) * 1000 / os.sysconf("SC_CLK_TCK")
        seen = True
    return total if seen else None


def tree_rss_mb(pid: int, key: str = "VmRSS") -> float | None:
    """Resident memory of a process and its descendants in MB; ``VmHWM`` gives the sum of their peaks."""
    total = 0
    for p in process_tree(pid):
        try:
            match = re.search(rf"^{key}:\s+(\d+) kB", Path(f"/proc/{p}/status").read_text(), re.MULTILINE)
        except OSError:
            continue
        total += int(match.group(1)) if match else 0
    return round(total / 1024, 1) if total else None


def machine_noise(rounds: int = 25) -> float:
    """Median wall/CPU ratio of a fixed loop: 1.0 = quiet machine, 3.0 = three times oversubscribed."""
    ratios = []
    for _ in range(rounds):
        wall, cpu = time.perf_counter(), time.thread_time()
        n = 0
        for i in range(100_000):
            n += i
        used = time.thread_time() - cpu
        ratios.append((time.perf_counter() - wall) / used if used else 1.0)
    return round(statistics.median(ratios), 2)


class Client:
    """Speaks the protocol with one server; publishes land in a queue with the moment they were read."""

    def __init__(self, command: list[str], cwd: str, settings: Any = None) -> None:
        self.command, self.cwd, self.settings = command, cwd, settings
        self.publishes: asyncio.Queue[tuple[float, Json]] = asyncio.Queue()
        self.folders: list[Json] = []
        self.spawned = 0.0
        self._stderr_tail = b""
        self._death: ServerDied | None = None
        self._last_id = 0
        self._waiting: dict[int, asyncio.Future[tuple[float, Json]]] = {}
        self._tasks: list[asyncio.Task[None]] = []

    @property
    def pid(self) -> int:
        return self._process.pid

    async def start(self) -> None:
        """Spawn the server.  Raises OSError when its program cannot be run."""
        self.spawned = time.perf_counter()
        pipe = asyncio.subprocess.PIPE
        self._process = await asyncio.create_subprocess_exec(
            *self.command, cwd=self.cwd, stdin=pipe, stdout=pipe, stderr=pipe, limit=1 << 26
        )
        assert self._process.stdin and self._process.stdout  # both are pipes, as asked for
        assert self._process.stderr
        self._stdin, self._stdout = self._process.stdin, self._process.stdout
        self._tasks = [
            asyncio.create_task(self._read()),
            asyncio.create_task(self._drain(self._process.stderr)),
        ]

    async def _drain(self, stderr: asyncio.StreamReader) -> None:
        while chunk := await stderr.read(65536):
            self._stderr_tail = (self._stderr_tail + chunk)[-4000:]

    async def _read(self) -> None:
        try:
            while True:
                length = 0
                while (line := await self._stdout.readline()) not in (b"\r\n", b"\n"):
                    if not line:
                        raise EOFError
                    if line.lower().startswith(b"content-length:"):
                        length = int(line.split(b":")[1])
                body = await self._stdout.readexactly(length)
                # Before decoding: the client's own JSON cost is not the server's.
                at = time.perf_counter()
                self._dispatch(json.loads(body), at)
        except (EOFError, asyncio.IncompleteReadError):
            await asyncio.sleep(0.05)  # let the last of stderr arrive
            self._death = ServerDied(f"server closed stdout: {self._stderr_tail.decode(errors='replace')[-1500:]}")
            for waiting in self._waiting.values():
                if not waiting.done():
                    waiting.set_exception(self._death)
            await self.publishes.put((time.perf_counter(), {"dead": str(self._death)}))

    def _dispatch(self, message: Json, at: float) -> None:
        if "method" in message and "id" in message:
            self._send({"jsonrpc": "2.0", "id": message["id"], "result": self._answer(message)})
        elif message.get("method") == "textDocument/publishDiagnostics":
            self.publishes.put_nowait((at, message["params"]))
        elif (waiting := self._waiting.pop(message.get("id", 0), None)) and not waiting.done():
            waiting.set_result((at, message))

    def _answer(self, message: Json) -> Any:
        if message["method"] == "workspace/configuration":
            items = (message.get("params") or {}).get("items", [])
            return [self._section(i.get("section")) for i in items]
        if message["method"] == "workspace/workspaceFolders":
            return self.folders
        return None

    def _section(self, name: str | None) -> Any:
        value = self.settings
        for part in (name or "").split("."):
            value = value.get(part) if part and isinstance(value, dict) else value
        return value

    def _send(self, message: Json) -> float:
        body = json.dumps(message, ensure_ascii=False).encode()
        at = time.perf_counter()
        self._stdin.write(b"Content-Length: %d\r\n\r\n" % len(body) + body)
        return at

    def notify(self, method: str, params: Any) -> float:
        """Send a notification; the moment it was written."""
        return self._send({"jsonrpc": "2.0", "method": method, "params": params})

    async def request(self, method: str, params: Any, timeout: float) -> tuple[float, float, Json]:
        """(sent at, answered at, message).  Raises one of TIMED_OUT, or ServerDied."""
        if self._death:
            raise self._death
        self._last_id += 1
        waiting = asyncio.get_running_loop().create_future()
        self._waiting[self._last_id] = waiting
        message = {"jsonrpc": "2.0", "id": self._last_id, "method": method, "params": params}
        sent = self._send(message)
        at, answer = await asyncio.wait_for(waiting, timeout)
        return sent, at, answer

    async def initialize(self, root: Path, options: Any, pull: bool, timeout: float) -> tuple[float, Json]:
        """(answered at, result), as a client that takes pushed diagnostics, or else pulls them."""
        self.folders = [{"uri": root.as_uri(), "name": root.name}]
        params = {
            "processId": os.getpid(),
            "clientInfo": {"name": "lsp_latency"},
            "rootUri": root.as_uri(),
            "rootPath": str(root),
            "workspaceFolders": self.folders,
            "initializationOptions": options,
            "capabilities": _capabilities(pull),
        }
        _, at, answer = await self.request("initialize", params, timeout)
        if "error" in answer:
            raise ServerDied(f"initialize failed: {answer['error']}")
        self.notify("initialized", {})
        if self.settings:
            self.notify("workspace/didChangeConfiguration", {"settings": self.settings})
        return at, answer["result"]

    def open(self, path: Path, language: str, text: str) -> float:
        """Open a document at version 1; the moment that was written."""
        document = {"uri": path.as_uri(), "languageId": language, "version": 1, "text": text}
        return self.notify("textDocument/didOpen", {"textDocument": document})

    async def pull(self, uri: str, timeout: float) -> tuple[float, list[Json]]:
        """(answered at, diagnostics) by textDocument/diagnostic."""
        params = {"textDocument": {"uri": uri}}
        _, at, answer = await self.request("textDocument/diagnostic", params, timeout)
        if "error" in answer:
            raise ServerDied(f"textDocument/diagnostic: {answer['error']}")
        return at, answer["result"].get("items", [])

    async def next_publish(self, uri: str, version: int, timeout: float) -> tuple[float, list[Json]]:
        """The first diagnostics for this version; where the server sends no version, the first to come."""
        deadline = time.perf_counter() + timeout
        while True:
            left = max(0.001, deadline - time.perf_counter())
            at, params = await asyncio.wait_for(self.publishes.get(), left)
            if "dead" in params:
                raise ServerDied(params["dead"])
            if params["uri"] != uri and Path(params["uri"]).name != Path(uri).name:
                continue
            if params.get("version") is None or params["version"] >= version:
                return at, params["diagnostics"]

    def forget_publishes(self) -> None:
        """Drop what came before the next keystroke."""
        while not self.publishes.empty():
            self.publishes.get_nowait()

    async def stop(self) -> None:
        """Shut the server down as the protocol says; kill it when it does not go."""
        try:
            await self.request("shutdown", None, 5)
            self.notify("exit", None)
            await asyncio.wait_for(self._process.wait(), 5)
        except (*TIMED_OUT, ServerDied, ConnectionError):
            pass
        finally:
            if self._process.returncode is None:
                self._process.kill()
                await self._process.wait()
            for task in self._tasks:
                task.cancel()


def _capabilities(pull: bool) -> Json:
    text_document: Json = {
        "synchronization": {"didSave": True},
        "publishDiagnostics": {
            "versionSupport": True,
            "relatedInformation": True,
            "codeDescriptionSupport": True,
            "dataSupport": True,
        },
        "codeAction": {
            "codeActionLiteralSupport": {"codeActionKind": {"valueSet": ["quickfix", "source"]}},
            "dataSupport": True,
            "resolveSupport": {"properties": ["edit"]},
        },
        "hover": {"contentFormat": ["markdown", "plaintext"]},
        "completion": {"completionItem": {"snippetSupport": True}},
    }
    if pull:
        text_document["diagnostic"] = {"dynamicRegistration": True}
    return {
        "general": {"positionEncodings": ["utf-16"]},
        "window": {"workDoneProgress": True},
        "workspace": {
            "configuration": True,
            "workspaceFolders": True,
            "applyEdit": True,
            "didChangeConfiguration": {"dynamicRegistration": True},
            "didChangeWatchedFiles": {"dynamicRegistration": True},
            "diagnostics": {"refreshSupport": False},
        },
        "textDocument": text_document,
    }
