"""A language client made of bytes: it can say anything, right or wrong, and sees every message that comes back."""

from __future__ import annotations

import contextlib
import json
import os
import queue
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
PROBE = (sys.executable, str(Path(__file__).with_name("probe.py")))
PIPESENSE = (sys.executable, "-m", "pipesense", "server", "--stdio")
PATIENCE = 20.0

VSCODE: dict[str, Any] = {
    "general": {"positionEncodings": ["utf-16"]},
    "window": {"workDoneProgress": True},
    "workspace": {
        "configuration": True,
        "didChangeConfiguration": {"dynamicRegistration": True},
        "didChangeWatchedFiles": {"dynamicRegistration": True, "relativePatternSupport": True},
        "diagnostics": {"refreshSupport": True},
        "workspaceFolders": True,
        "workspaceEdit": {
            "documentChanges": True,
            "resourceOperations": ["create", "rename", "delete"],
            "failureHandling": "textOnlyTransactional",
            "changeAnnotationSupport": {"groupsOnLabel": True},
        },
    },
    "textDocument": {
        "synchronization": {"dynamicRegistration": True, "didSave": True},
        "publishDiagnostics": {"relatedInformation": True, "tagSupport": {"valueSet": [1, 2]}, "versionSupport": False},
        "diagnostic": {
            "dynamicRegistration": True,
            "relatedDocumentSupport": False,
            "relatedInformation": True,
            "tagSupport": {"valueSet": [1, 2]},
            "dataSupport": True,
        },
        "hover": {"contentFormat": ["markdown", "plaintext"]},
        "documentSymbol": {"hierarchicalDocumentSymbolSupport": True},
        "foldingRange": {"lineFoldingOnly": True},
        "definition": {"linkSupport": True},
        "references": {},
        "documentHighlight": {},
        "rename": {"prepareSupport": True},
        "semanticTokens": {
            "requests": {"range": True, "full": {"delta": True}},
            "tokenTypes": ["keyword", "string"],
            "tokenModifiers": [],
            "formats": ["relative"],
        },
        "codeAction": {
            "codeActionLiteralSupport": {
                "codeActionKind": {"valueSet": ["", "quickfix", "refactor", "source", "source.fixAll"]}
            },
            "isPreferredSupport": True,
            "disabledSupport": True,
            "dataSupport": True,
            "resolveSupport": {"properties": ["edit"]},
        },
    },
}
"""What Visual Studio Code announces, as far as it matters here."""

NEOVIM: dict[str, Any] = {
    "general": {"positionEncodings": ["utf-8", "utf-16", "utf-32"]},
    "window": {"workDoneProgress": True},
    "workspace": {
        "configuration": True,
        "diagnostics": {"refreshSupport": True},
        "didChangeWatchedFiles": {"dynamicRegistration": False},
        "workspaceEdit": {"resourceOperations": ["rename", "create", "delete"]},
    },
    "textDocument": {
        "publishDiagnostics": {"relatedInformation": True, "tagSupport": {"valueSet": [1, 2]}, "dataSupport": True},
        "diagnostic": {"dynamicRegistration": False, "tagSupport": {"valueSet": [1, 2]}, "dataSupport": True},
        "hover": {"contentFormat": ["markdown", "plaintext"]},
        "codeAction": {
            "codeActionLiteralSupport": {"codeActionKind": {"valueSet": ["", "quickfix", "source"]}},
            "isPreferredSupport": True,
            "dataSupport": True,
            "resolveSupport": {"properties": ["edit", "command"]},
        },
    },
}
"""What Neovim 0.11 announces."""

EGLOT: dict[str, Any] = {
    "general": {"positionEncodings": ["utf-32", "utf-8", "utf-16"]},
    "workspace": {"workspaceEdit": {"documentChanges": True}, "configuration": True},
    "textDocument": {
        "publishDiagnostics": {"relatedInformation": False, "tagSupport": {"valueSet": [1, 2]}},
        "hover": {"contentFormat": ["plaintext"]},
        "codeAction": {
            "codeActionLiteralSupport": {"codeActionKind": {"valueSet": ["quickfix", "source"]}},
            "isPreferredSupport": True,
        },
    },
}
"""What Emacs's eglot announces."""

NOTHING: dict[str, Any] = {}
"""A client that says nothing about itself."""


def uri(path: Path | str) -> str:
    return Path(path).as_uri()


class Wire:
    """One server process and the conversation with it."""

    def __init__(self, command: tuple[str, ...] = PROBE, environment: dict[str, str] | None = None) -> None:
        paths = os.pathsep.join(str(ROOT / part) for part in ("server", "rules", "tests"))
        self.spawned = time.monotonic()
        self.process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": paths, **(environment or {})},
        )
        self.received: list[dict[str, Any]] = []
        self.answers: dict[str, Any] = {"workspace/configuration": [None]}
        """What the client answers to the server's requests, by method."""
        self.errors = b""
        self._queue: queue.Queue[dict[str, Any] | None] = queue.Queue()
        self._number = 0
        self._threads = [threading.Thread(target=work, daemon=True) for work in (self._read, self._read_errors)]
        for thread in self._threads:
            thread.start()

    # --- sending

    def send_bytes(self, data: bytes) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(data)
        self.process.stdin.flush()

    def send(self, *messages: object) -> None:
        """Send messages in one write, so that they arrive together."""
        self.send_bytes(b"".join(framed(message) for message in messages))

    def notify(self, method: str, params: object = None) -> None:
        self.send(notification(method, params))

    def start_request(self, method: str, params: object = None) -> int:
        self._number += 1
        self.send(request(self._number, method, params))
        return self._number

    def request(self, method: str, params: object = None) -> Any:
        """The result of a request; an error answer is an AssertionError."""
        answer = self.answer(self.start_request(method, params))
        assert "error" not in answer, answer
        return answer["result"]

    def error(self, method: str, params: object = None) -> dict[str, Any]:
        """The error of a request that must fail."""
        return self.answer(self.start_request(method, params))["error"]

    # --- receiving

    def answer(self, number: object) -> dict[str, Any]:
        return self.wait_for(lambda message: message.get("id") == number and "method" not in message)

    def wait_for(self, wanted: Any, patience: float = PATIENCE) -> dict[str, Any]:
        """The first message (from now or before, not yet asked for) that fits."""
        for at, message in enumerate(self.received):
            if wanted(message):
                return self.received.pop(at)
        end = time.monotonic() + patience
        while True:
            try:
                message = self._queue.get(timeout=max(0.0, end - time.monotonic()))
            except queue.Empty:
                raise AssertionError(f"nothing like it came; received: {self.received[-5:]}") from None
            assert message is not None, f"the server is gone; it said: {self.stderr()}"
            if "id" in message and "method" in message:
                self._respond(message)
            if wanted(message):
                return message
            self.received.append(message)

    def drain(self, seconds: float = 0.0) -> list[dict[str, Any]]:
        """Everything that came and was not asked for, after ``seconds`` more."""
        end = time.monotonic() + seconds
        while True:
            try:
                message = self._queue.get(timeout=max(0.0, end - time.monotonic()))
            except queue.Empty:
                break
            if message is None:
                break
            if "id" in message and "method" in message:
                self._respond(message)
            self.received.append(message)
        return self.received

    def _respond(self, message: dict[str, Any]) -> None:
        self.send({"jsonrpc": "2.0", "id": message["id"], "result": self.answers.get(message["method"])})

    def _read(self) -> None:
        stream = self.process.stdout
        assert stream is not None
        while True:
            length = 0
            while (line := stream.readline()).strip():
                if line.lower().startswith(b"content-length:"):
                    length = int(line.split(b":")[1])
            if not line:
                self._queue.put(None)
                return
            self._queue.put(json.loads(stream.read(length)))

    def _read_errors(self) -> None:
        assert self.process.stderr is not None
        for line in self.process.stderr:
            self.errors += line

    def stderr(self) -> str:
        self._threads[1].join(1.0)
        return self.errors.decode(errors="replace")[-3000:]

    # --- the usual conversation

    def initialize(self, capabilities: dict[str, Any], root: Path | None = None, **more: object) -> dict[str, Any]:
        params: dict[str, object] = {
            "processId": os.getpid(),
            "rootUri": uri(root) if root is not None else None,
            "capabilities": capabilities,
            "workspaceFolders": [{"uri": uri(root), "name": "root"}] if root is not None else None,
        }
        result: dict[str, Any] = self.request("initialize", {**params, **more})
        self.notify("initialized", {})
        return result

    def open(self, name: str, text: str, language: str = "python", version: int = 1) -> None:
        self.notify(
            "textDocument/didOpen",
            {"textDocument": {"uri": name, "languageId": language, "version": version, "text": text}},
        )

    def change(self, name: str, version: int, *changes: dict[str, Any]) -> None:
        self.notify("textDocument/didChange", change(name, version, *changes))

    def published(self, name: str, version: int | None = None) -> list[dict[str, Any]]:
        """The findings that are pushed for a document (of that version)."""

        def fits(message: dict[str, Any]) -> bool:
            params = message.get("params") or {}
            return (
                message.get("method") == "textDocument/publishDiagnostics"
                and params["uri"] == name
                and (version is None or params.get("version") == version)
            )

        return self.wait_for(fits)["params"]["diagnostics"]

    def pulled(self, name: str, previous: str | None = None) -> dict[str, Any]:
        params: dict[str, object] = {"textDocument": {"uri": name}, "identifier": "pipesense"}
        if previous is not None:
            params["previousResultId"] = previous
        return self.request("textDocument/diagnostic", params)

    def hover(self, name: str, line: int, character: int) -> Any:
        return self.request(
            "textDocument/hover", {"textDocument": {"uri": name}, "position": {"line": line, "character": character}}
        )

    def actions(
        self, name: str, start: tuple[int, int], end: tuple[int, int], only: list[str] | None = None, **context: Any
    ) -> list[dict[str, Any]]:
        params = {
            "textDocument": {"uri": name},
            "range": span(start, end),
            "context": {"diagnostics": [], **({"only": only} if only is not None else {}), **context},
        }
        return self.request("textDocument/codeAction", params) or []

    def leave(self) -> int:
        """An orderly goodbye; the exit code."""
        assert self.request("shutdown") is None
        self.notify("exit")
        return self.process.wait(PATIENCE)

    def kill(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        for stream in (self.process.stdin, self.process.stdout, self.process.stderr):
            if stream is not None:
                with contextlib.suppress(OSError):
                    stream.close()


def framed(message: object) -> bytes:
    body = json.dumps(message).encode()
    return b"Content-Length: %d\r\n\r\n%s" % (len(body), body)


def notification(method: str, params: object = None) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "method": method, "params": params if params is not None else {}}


def request(number: object, method: str, params: object = None) -> dict[str, Any]:
    message = {"jsonrpc": "2.0", "id": number, "method": method}
    return message if params is None else {**message, "params": params}


def opened(text: str, name: str, language: str = "python") -> dict[str, Any]:
    item = {"uri": name, "languageId": language, "version": 1, "text": text}
    return notification("textDocument/didOpen", {"textDocument": item})


def change(name: str, version: int, *changes: dict[str, Any]) -> dict[str, Any]:
    return {"textDocument": {"uri": name, "version": version}, "contentChanges": list(changes)}


def span(start: tuple[int, int], end: tuple[int, int]) -> dict[str, Any]:
    return {
        "start": {"line": start[0], "character": start[1]},
        "end": {"line": end[0], "character": end[1]},
    }


def replace(start: tuple[int, int], end: tuple[int, int], text: str) -> dict[str, Any]:
    return {"range": span(start, end), "text": text}
