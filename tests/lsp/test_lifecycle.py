"""Coming and going: the order of messages, exit codes, and what a client may send by mistake."""

from __future__ import annotations

import asyncio
import os
import socket
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest

from lsp.inside import Inside
from lsp.wire import EGLOT, NOTHING, PATIENCE, ROOT, VSCODE, Wire, framed, notification, opened, request
from pipesense.engine.report import InternalError
from pipesense.lsp import parent

NAME = "file:///w/a.py"

Start = Callable[..., Wire]


def error_code(answer: dict[str, Any]) -> int:
    code: int = answer["error"]["code"]
    return code


# --- the end


def test_shutdown_and_exit_end_with_0(start: Start) -> None:
    server = start()
    server.initialize(VSCODE)
    assert server.leave() == 0
    assert server.stderr() == ""


def test_exit_without_shutdown_ends_with_1(start: Start) -> None:
    server = start()
    server.initialize(VSCODE)
    server.notify("exit")
    assert server.process.wait(PATIENCE) == 1


def test_exit_before_initialize_ends_with_1(start: Start) -> None:
    server = start()
    server.notify("exit")
    assert server.process.wait(PATIENCE) == 1


@pytest.mark.parametrize(("orderly", "code"), [(True, 0), (False, 1)])
def test_the_end_of_input_ends_the_server(start: Start, orderly: bool, code: int) -> None:
    server = start()
    server.initialize(VSCODE)
    if orderly:
        server.request("shutdown")
    assert server.process.stdin is not None
    server.process.stdin.close()
    assert server.process.wait(PATIENCE) == code
    assert server.stderr() == ""


def test_the_server_goes_when_its_parent_goes(start: Start) -> None:
    """The pipes stay open, so that only the process number tells."""
    sleeper = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    server = start()
    server.initialize(VSCODE, processId=sleeper.pid)
    sleeper.kill()
    sleeper.wait()
    assert server.process.wait(parent.PAUSE_SECONDS + PATIENCE) == 1


def test_a_parent_that_never_was_is_not_watched() -> None:
    """Its number is from another machine or container."""

    async def scenario(server: Inside) -> None:
        await server.start(NOTHING, processId=2**30)
        await server.say(opened("bad", NAME))
        assert len(server.take("textDocument/publishDiagnostics")) == 1
        assert not server.connection._done.done()

    run(scenario)


@pytest.mark.parametrize("number", [0, -1, 10**30])
def test_numbers_that_are_no_process(number: int) -> None:
    assert not parent.is_alive(number)
    assert parent.is_alive(os.getpid())


def test_prints_do_not_end_up_in_the_protocol(start: Start) -> None:
    code = (
        "import sys; sys.path[:0] = sys.argv[1:]\n"
        "from pipesense.lsp import connection, transport\n"
        "from lsp.probe import ProbeWorkspace\n"
        "channel = transport.standard_streams()\n"
        "print('a rule pack prints', flush=True)\n"
        "sys.exit(connection.run(channel, ProbeWorkspace, '0'))\n"
    )
    server = start((sys.executable, "-c", code))
    server.initialize(VSCODE)
    assert server.leave() == 0
    assert "a rule pack prints" in server.stderr()


def test_one_client_over_tcp() -> None:
    code = "import sys; sys.path[:0] = sys.argv[1:]; from pipesense.lsp.server import serve; sys.exit(serve(tcp=0))"
    server = subprocess.Popen(
        [sys.executable, "-c", code, str(ROOT / "server"), str(ROOT / "rules")], stderr=subprocess.PIPE
    )
    try:
        assert server.stderr is not None
        port = int(server.stderr.readline().rpartition(b":")[2])
        with socket.create_connection(("127.0.0.1", port), PATIENCE) as client:
            client.settimeout(PATIENCE)
            client.sendall(framed(request(1, "initialize", {"processId": None, "rootUri": None, "capabilities": {}})))
            assert b'"serverInfo"' in client.recv(1 << 16)
            client.sendall(framed(request(2, "shutdown")) + framed(notification("exit")))
            assert server.wait(PATIENCE) == 0
    finally:
        server.kill()
        server.communicate()


# --- the order


def test_requests_before_initialize_are_refused_and_notifications_dropped() -> None:
    async def scenario(server: Inside) -> None:
        await server.say(opened("bad", NAME))
        assert error_code(await server.ask("textDocument/hover", {})) == -32002
        assert server.sent[:-1] == []
        await server.start(NOTHING)

    run(scenario)


def test_a_second_initialize_is_refused() -> None:
    async def scenario(server: Inside) -> None:
        await server.start(NOTHING)
        assert error_code(await server.ask("initialize", {"capabilities": {}, "processId": None})) == -32600

    run(scenario)


def test_after_shutdown_nothing_but_exit_is_taken() -> None:
    async def scenario(server: Inside) -> None:
        await server.start(NOTHING)
        assert (await server.ask("shutdown"))["result"] is None
        server.sent.clear()
        await server.say(opened("bad", NAME))
        assert server.sent == []
        assert error_code(await server.ask("textDocument/hover", {})) == -32600

    run(scenario)


def test_the_server_says_who_it_is() -> None:
    async def scenario(server: Inside) -> None:
        answer = await server.start(NOTHING)
        assert answer["serverInfo"] == {"name": "PipeSense", "version": "0"}
        assert answer["capabilities"] == {
            "positionEncoding": "utf-16",
            "textDocumentSync": {"openClose": True, "change": 2, "save": {"includeText": False}},
            "hoverProvider": True,
            "workspace": {"workspaceFolders": {"supported": True, "changeNotifications": True}},
        }

    run(scenario)


@pytest.mark.parametrize(
    ("offered", "chosen"),
    [
        (None, "utf-16"),
        ([], "utf-16"),
        (["utf-8", "utf-16"], "utf-8"),
        (["utf-32", "utf-8"], "utf-32"),
        (["ucs-2", "utf-8"], "utf-8"),
        (["ucs-2"], "utf-16"),
    ],
)
def test_the_position_encoding(offered: list[str] | None, chosen: str) -> None:
    async def scenario(server: Inside) -> None:
        answer = await server.start({"general": {"positionEncodings": offered}} if offered is not None else {})
        assert answer["capabilities"]["positionEncoding"] == chosen

    run(scenario)


def test_a_client_that_traces_hears_of_the_work() -> None:
    async def scenario(server: Inside) -> None:
        await server.start(NOTHING)
        await server.say(opened("bad", NAME))
        assert server.take("$/logTrace") == []
        await server.say(notification("$/setTrace", {"value": "messages"}))
        await server.say(opened("bad worse", NAME))
        (message,) = server.take("$/logTrace")
        assert message["params"]["message"] == "/w/a.py was analysed: 2 findings"

    run(scenario)


def test_a_client_from_the_future_is_let_in() -> None:
    """Values that lsprotocol does not know yet cost that entry and nothing else."""
    profile = {
        "workspace": {"workspaceEdit": {"documentChanges": True, "resourceOperations": ["create", "teleport"]}},
        "textDocument": {
            "hover": {"contentFormat": ["markdown"]},
            "publishDiagnostics": {"tagSupport": {"valueSet": [1, 2, 99]}},
            "diagnostic": {"tagSupport": 7},
        },
        "general": 5,
    }

    async def scenario(server: Inside) -> None:
        await server.start(profile)
        assert server.connection.session.profile.markdown
        assert not server.connection.session.profile.pull
        await server.say(opened("bad", NAME))
        assert len(server.take("textDocument/publishDiagnostics")) == 1

    run(scenario)


# --- garbage


@pytest.mark.parametrize(
    ("what", "message", "code", "number"),
    [
        ("a list", [request(1, "textDocument/hover")], -32600, None),
        ("a string", "hello", -32600, None),
        ("null", None, -32600, None),
        ("no version", {"id": 5, "method": "textDocument/hover"}, -32600, 5),
        ("another version", {"jsonrpc": "1.0", "id": 5, "method": "x"}, -32600, 5),
        ("an id that is a list", request([1], "textDocument/hover"), -32600, None),
        ("an id that is an object", request({}, "textDocument/hover"), -32600, None),
        ("an id that is true", request(True, "textDocument/hover"), -32600, None),
        ("an id that is null", request(None, "textDocument/hover"), -32600, None),
        ("a method that is a number", {"jsonrpc": "2.0", "id": 5, "method": 7}, -32600, 5),
        ("a method that is a list", {"jsonrpc": "2.0", "id": 5, "method": []}, -32600, 5),
        ("a method nobody knows", request(5, "textDocument/teleport", {"a": [1]}), -32601, 5),
        ("an odd unknown method", request("x", "$/x", {"type_name": "9 bad"}), -32601, "x"),
        ("no parameters", request(5, "textDocument/hover"), -32602, 5),
        ("parameters that are a list", request(5, "textDocument/hover", [1]), -32602, 5),
        ("a position below zero", request(5, "textDocument/hover", {"textDocument": {"uri": NAME}, "position": {"line": -1, "character": 0}}), -32602, 5),
        ("a position of words", request(5, "textDocument/hover", {"textDocument": {"uri": NAME}, "position": {"line": "one", "character": 0}}), -32602, 5),
        ("a URI that is a number", request(5, "textDocument/hover", {"textDocument": {"uri": 7}, "position": {"line": 0, "character": 0}}), None, 5),
        ("a command", request(5, "workspace/executeCommand", {"command": "rm"}), -32602, 5),
    ],
)  # fmt: skip
def test_a_wrong_message_gets_an_error_and_the_next_is_served(
    what: str, message: object, code: int | None, number: object
) -> None:
    async def scenario(server: Inside) -> None:
        await server.start(NOTHING)
        server.sent.clear()
        await server.say(message)
        (answer,) = server.sent
        assert answer.get("id") == number, what
        if code is not None:
            assert error_code(answer) == code, what
        await server.say(opened("bad", NAME))
        assert len(server.take("textDocument/publishDiagnostics")) == 1

    run(scenario)


@pytest.mark.parametrize(
    "message",
    [
        notification("textDocument/didOpen", {"textDocument": {"uri": NAME}}),
        notification("textDocument/didOpen", []),
        notification("textDocument/didChange", {"textDocument": {"uri": "file:///w/never.py", "version": 1}, "contentChanges": [{"text": "x"}]}),
        notification("textDocument/didChange", {"textDocument": {"uri": NAME}, "contentChanges": 5}),
        notification("textDocument/didClose", {"textDocument": {"uri": "file:///w/never.py"}}),
        notification("workspace/didChangeWatchedFiles", {"changes": [{"uri": "http://example.org", "type": 1}]}),
        notification("workspace/didChangeWatchedFiles", {"changes": [{"uri": NAME, "type": 9}]}),
        notification("workspace/didChangeConfiguration", {"settings": {"pipesense": {"z": {"jsonrpc": "2.0"}}}}),
        notification("workspace/didChangeConfiguration", {"settings": 5}),
        notification("$/cancelRequest", {"id": 12345}),
        notification("$/cancelRequest", {"id": [1]}),
        notification("$/cancelRequest", 5),
        notification("$/setTrace", {"value": "verbose"}),
        notification("$/setTrace", {"value": "everything"}),
        notification("$/unknown", {}),
        notification("unknown/thing", {}),
        notification("window/workDoneProgress/cancel", {"token": "nobody"}),
        {"jsonrpc": "2.0", "id": "nobody-asked", "result": 5},
        {"jsonrpc": "2.0", "id": "nobody-asked", "error": "text"},
        {"jsonrpc": "2.0", "id": None, "error": {"code": -32700, "message": "what?"}},
    ],
    ids=lambda message: f"{message.get('method')} {message.get('params')}"[:60],
)  # fmt: skip
def test_a_wrong_notification_is_dropped_without_a_pop_up(message: object) -> None:
    async def scenario(server: Inside) -> None:
        await server.start(NOTHING)
        server.sent.clear()
        await server.say(message)
        assert server.sent == []
        await server.say(opened("bad", NAME))
        assert len(server.take("textDocument/publishDiagnostics")) == 1

    run(scenario)


def test_garbage_over_the_pipe(start: Start) -> None:
    server = start()
    server.send_bytes(b"hello\r\n\r\nContent-Length: 99999999999\r\n\r\n\x00\x01Content-Length: 4\r\n\r\nnull")
    server.send_bytes(b"Content-Length: 7\r\n\r\n{broken" + framed([1, 2]) + framed({"no": "sense"}))
    server.initialize(VSCODE)
    server.open(NAME, "bad")
    assert len(server.pulled(NAME)["items"]) == 1
    codes = {message["error"]["code"] for message in server.received if "error" in message}
    assert codes == {-32700, -32600}
    assert server.leave() == 0


def test_a_request_that_fails_inside_tells_no_paths(start: Start) -> None:
    server = start()
    server.initialize(VSCODE)
    server.open(NAME, "crash")
    error = server.error("textDocument/hover", {"textDocument": {"uri": NAME}, "position": {"line": 0, "character": 0}})
    assert error == {
        "code": -32603,
        "message": "PipeSense could not answer this request (KeyError). Its log says more.",
    }
    assert not [message for message in server.drain(0.1) if message.get("method", "").startswith("window/")]
    assert server.leave() == 0
    assert "secret.py" in server.stderr()


def test_a_notification_that_fails_inside_is_logged_once_and_never_pops_up() -> None:
    async def scenario(server: Inside) -> None:
        await server.start(NOTHING)
        await server.say(opened("bad", NAME))

        def fail(*_: object) -> None:
            raise RuntimeError("/home/somebody")

        server.workspace.change = fail  # type: ignore[method-assign]
        for version in range(2, 30):
            change = {"textDocument": {"uri": NAME, "version": version}, "contentChanges": [{"text": "x"}]}
            await server.say(notification("textDocument/didChange", change))
        assert server.take("window/showMessage") == []
        (message,) = server.take("window/logMessage")
        assert "/home" not in message["params"]["message"]

    run(scenario)


def test_a_rule_that_fails_at_every_key_is_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    async def scenario(server: Inside) -> None:
        await server.start(NOTHING)
        await server.say(opened("bad", NAME))
        for _ in range(20):
            server.workspace.log(InternalError("rule quality/x", "/w/a.py", "KeyError: 'k'"))
        (message,) = server.take("window/logMessage")
        assert "rule quality/x failed on /w/a.py" in message["params"]["message"]
        assert server.take("window/showMessage") == []
        assert len(caplog.records) == 1

    run(scenario)


# --- cancelling


def test_a_request_that_was_cancelled_in_the_queue_is_never_begun() -> None:
    async def scenario(server: Inside) -> None:
        await server.start(NOTHING)
        await server.say(opened("crash", NAME))
        place = {"textDocument": {"uri": NAME}, "position": {"line": 0, "character": 0}}
        await server.say(request(9, "textDocument/hover", place), notification("$/cancelRequest", {"id": 9}))
        assert error_code(server.answer(9)) == -32800
        server.sent.clear()
        # The number may be used again.
        await server.say(request(9, "textDocument/hover", {**place, "textDocument": {"uri": "file:///w/b.py"}}))
        assert server.answer(9)["result"] is None

    run(scenario)


# --- nothing piles up


def test_a_thousand_edits_leave_nothing_behind() -> None:
    async def scenario(server: Inside) -> None:
        await server.start(EGLOT)
        await server.say(opened("bad\n" * 50, NAME))
        protocol = server.connection.server.protocol
        sizes = []
        for version in range(2, 1202):
            change = {"range": {"start": {"line": 0, "character": 0}, "end": {"line": 0, "character": 1}}, "text": "b"}
            edit = {"textDocument": {"uri": NAME, "version": version}, "contentChanges": [change]}
            await server.say(
                notification("textDocument/didChange", edit),
                request(
                    version,
                    "textDocument/hover",
                    {"textDocument": {"uri": NAME}, "position": {"line": 0, "character": 0}},
                ),
            )
            server.sent.clear()
            if version % 300 == 0:
                session = server.connection.session
                tails = session.core.writer.kept()
                sizes.append((protocol.open_requests, len(protocol._result_types), tails, len(session._tasks)))
        assert len(set(sizes)) == 1, sizes
        assert sizes[0][0] <= 1

    run(scenario)


def run(scenario: Callable[[Inside], Any]) -> None:
    async def whole() -> None:
        server = Inside()
        await scenario(server)
        await server.stop()

    asyncio.run(whole())


def test_memory_stays_flat_over_ten_thousand_edits(start: Start) -> None:
    server = start()
    server.initialize(NOTHING)
    server.open(NAME, "bad\n" * 200)
    grown: list[int] = []
    version = 1
    for _ in range(3):
        for _ in range(34):
            messages = []
            for _ in range(100):
                version += 1
                change = {
                    "range": {
                        "start": {"line": version % 200, "character": 0},
                        "end": {"line": version % 200, "character": 1},
                    },
                    "text": "b",
                }
                messages.append(
                    notification(
                        "textDocument/didChange",
                        {"textDocument": {"uri": NAME, "version": version}, "contentChanges": [change]},
                    )
                )
            server.send(*messages)
        server.published(NAME, version)
        server.received.clear()
        grown.append(resident(server.process.pid))
    assert grown[-1] - grown[0] < 3_000, f"kB after each third: {grown}"


def resident(process: int) -> int:
    if not sys.platform.startswith("linux"):
        pytest.skip("reads /proc")
    with open(f"/proc/{process}/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmRSS"))
