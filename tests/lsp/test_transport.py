"""How bytes come and go: kinds of pipes, and a client that writes and does not read."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any

import pytest

from lsp.wire import NOTHING, PATIENCE, PROBE, ROOT, framed, notification, opened, request
from pipesense.lsp.framing import FrameReader

FILES = 24
MANY = 400
MANY_FINDINGS = "bad\n" * MANY

PATHS = os.pathsep.join(str(ROOT / part) for part in ("server", "rules", "tests"))


def environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": PATHS}


def hello() -> bytes:
    return framed(request(1, "initialize", {"processId": None, "rootUri": None, "capabilities": NOTHING})) + framed(
        notification("initialized")
    )


def goodbye() -> bytes:
    return framed(request(2, "shutdown")) + framed(notification("exit"))


def messages(data: bytes) -> list[Any]:
    return FrameReader().feed(data)


def test_a_client_that_writes_without_reading_is_served_when_it_reads() -> None:
    """Both pipes fill up: the server must take in what the client writes while its own answers wait."""
    text = b"".join(framed(opened(MANY_FINDINGS + "# " + "x" * 100_000, f"file:///w/{n}.py")) for n in range(FILES))
    server = subprocess.Popen(PROBE, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment())
    assert server.stdin is not None
    assert server.stdout is not None
    served: set[str] = set()
    try:
        assert _done(_write, server.stdin, hello() + text), "the server waits for a reader and takes nothing in"
        assert _done(_read_findings, server.stdout, served), f"findings of {len(served)} files came"
        _write(server.stdin, goodbye())
        assert server.wait(PATIENCE) == 0
    finally:
        server.kill()
        server.wait()
    assert len(served) == FILES


def _done(work: Callable[..., None], *arguments: object) -> bool:
    thread = threading.Thread(target=work, args=arguments, daemon=True)
    thread.start()
    thread.join(PATIENCE)
    return not thread.is_alive()


def _write(stream: IO[bytes], data: bytes) -> None:
    stream.write(data)
    stream.flush()


def _read_findings(stream: IO[bytes], served: set[str]) -> None:
    reader = FrameReader()
    while len(served) < FILES and (chunk := os.read(stream.fileno(), 1 << 16)):
        for each in reader.feed(chunk):
            if isinstance(each, dict) and len(each.get("params", {}).get("diagnostics", ())) >= MANY:
                served.add(each["params"]["uri"])


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has neither")
@pytest.mark.parametrize("kind", ["file", "socket", "errors in the same pipe"])
def test_other_streams_than_two_pipes(kind: str, tmp_path: Path) -> None:
    where = {"textDocument": {"uri": "file:///w/a.py"}, "position": {"line": 0, "character": 1}}
    asked = framed(opened("bad\n", "file:///w/a.py")) + framed(request(3, "textDocument/hover", where))
    heard = _run(kind, hello() + asked + goodbye(), tmp_path)
    results = {each["id"]: each["result"] for each in messages(heard) if isinstance(each, dict) and "result" in each}
    assert results.keys() == {1, 2, 3}
    assert "4 characters" in str(results[3])


def _run(kind: str, said: bytes, folder: Path) -> bytes:
    if kind == "file":
        with tempfile.TemporaryFile(dir=folder) as source:
            source.write(said)
            source.seek(0)
            done = subprocess.run(PROBE, stdin=source, stdout=subprocess.PIPE, env=environment(), timeout=PATIENCE)
            return done.stdout
    if kind == "socket":
        ours, theirs = socket.socketpair()
        with ours, theirs:
            ours.settimeout(PATIENCE)
            server = subprocess.Popen(PROBE, stdin=theirs, stdout=theirs, stderr=subprocess.PIPE, env=environment())
            theirs.close()
            ours.sendall(said)
            heard = b"".join(iter(lambda: ours.recv(1 << 16), b""))
            server.communicate(timeout=PATIENCE)
            return heard
    done = subprocess.run(
        PROBE, input=said, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=environment(), timeout=PATIENCE
    )
    return done.stdout
