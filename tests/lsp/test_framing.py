"""Bytes become messages, whatever else is in the stream."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipesense.lsp.framing import FrameReader, Garbage
from pipesense.lsp.transport import Writer

A = {"jsonrpc": "2.0", "method": "a"}
B = {"jsonrpc": "2.0", "method": "b", "params": {"text": "Content-Length: 3\n é 😀"}}


def frame(message: object, newline: bytes = b"\r\n", header: bytes = b"Content-Length: ") -> bytes:
    body = json.dumps(message, ensure_ascii=False).encode()
    return header + str(len(body)).encode() + newline + newline + body


def kinds(found: list[object]) -> list[object]:
    return ["garbage" if isinstance(each, Garbage) else each for each in found]


@pytest.mark.parametrize(
    ("what", "data", "expected"),
    [
        ("two messages in one read", frame(A) + frame(B), [A, B]),
        ("line feeds alone", frame(A, b"\n") + frame(B), [A, B]),
        ("a header in small letters", frame(A, header=b"content-length:"), [A]),
        ("a second header", b"Content-Type: application/vscode-jsonrpc; charset=utf-8\r\n" + frame(A), [A]),
        ("a second header behind", frame(A).replace(b"\r\n\r\n", b"\r\nContent-Type: x\r\n\r\n"), [A]),
        ("words before the header", b"hello there\r\n" + frame(A), ["garbage", A]),
        ("a terminal's noise", b"\x1b[2J\x00\xff" * 3000 + frame(A), ["garbage", A]),
        ("a length that is no number", b"Content-Length: many\r\n\r\n{}" + frame(A), ["garbage", A]),
        ("a negative length", b"Content-Length: -1\r\n\r\n{}" + frame(A), ["garbage", A]),
        ("a length of 90 GB", b"Content-Length: 90000000000\r\n\r\n" + frame(A), ["garbage", A]),
        ("a length of 30 digits", b"Content-Length: " + b"9" * 30 + b"\r\n\r\n" + frame(A), ["garbage", A]),
        ("a body that is not JSON", b"Content-Length: 5\r\n\r\n{oops" + frame(A), ["garbage", A]),
        ("a body that is not UTF-8", b'Content-Length: 4\r\n\r\n"\xff\xfe"' + frame(A), ["garbage", A]),
        ("a body nested too deeply", b"Content-Length: 200000\r\n\r\n" + b"[" * 200000 + frame(A), ["garbage", A]),
        ("an empty body", b"Content-Length: 0\r\n\r\n" + frame(A), ["garbage", A]),
        ("a length that is too small", frame(A).replace(b": 3", b": 1") + frame(B), ["garbage", "garbage", B]),
        ("a length that is too large", b"Content-Length: 60\r\n\r\n{}" + frame(A) + frame(B), ["garbage", A, B]),
    ],
)
def test_what_is_understood(what: str, data: bytes, expected: list[object]) -> None:
    assert kinds(FrameReader().feed(data)) == expected, what


@settings(deadline=None)
@given(st.lists(st.sampled_from([A, B, [], {}, "text"]), max_size=5), st.lists(st.integers(1, 40), min_size=1))
def test_reads_of_any_size_give_the_same_messages(messages: list[object], sizes: list[int]) -> None:
    data = b"".join(frame(each) for each in messages)
    reader, found, at, turn = FrameReader(), [], 0, 0
    while at < len(data):
        size = sizes[turn % len(sizes)]
        found += reader.feed(data[at : at + size])
        at, turn = at + size, turn + 1
    assert found == messages


@settings(deadline=None)
@given(st.binary(max_size=200), st.integers(1, 50))
def test_after_any_bytes_a_message_is_still_found(noise: bytes, size: int) -> None:
    reader, found = FrameReader(limit=1000), []
    data = noise + b"\r\n" + frame(A) + frame(B)
    for at in range(0, len(data), size):
        found += reader.feed(data[at : at + size])
    if b"content-length" not in noise.lower():
        assert kinds(found)[-2:] == [A, B]


def test_garbage_does_not_pile_up() -> None:
    reader = FrameReader()
    for _ in range(100):
        reader.feed(b"x" * 10_000)
    assert len(reader._buffer) < 5_000


def test_whole_messages_are_written_whatever_a_write_takes() -> None:
    taken = bytearray()

    def write(data: memoryview) -> int:
        taken.extend(data[:7])
        return min(7, len(data))

    writer = Writer(write, lambda: None)
    writer.write(frame(B))
    assert FrameReader().feed(bytes(taken)) == [B]


def test_a_client_that_takes_nothing_now_is_waited_for() -> None:
    done: list[str] = []

    def write(data: memoryview) -> int:
        if not done or done[-1] == "written":
            done.append("full")
            raise BlockingIOError
        done.append("written")
        return min(40, len(data))

    writer = Writer(write, lambda: done.append("waited"))
    writer.write(frame(A))
    assert done[:4] == ["full", "waited", "written", "full"]
    assert done[-1] == "written"


def test_a_client_that_is_gone_is_not_written_to() -> None:
    tried: list[int] = []

    def write(data: memoryview) -> int:
        tried.append(len(data))
        raise BrokenPipeError

    writer = Writer(write, lambda: None)
    for _ in range(3):
        writer.write(frame(A))
    assert len(tried) == 1
