"""The server's text is the editor's text, whatever is in it and however columns are counted."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lsp.inside import Inside
from lsp.probe import digest
from lsp.wire import EGLOT, NEOVIM, VSCODE, Wire, change, notification, opened, replace

NAME = "file:///w/pipeline.py"

CODECS = {"utf-8": ("utf-8", 1), "utf-16": ("utf-16-le", 2), "utf-32": ("utf-32-le", 4)}

LINES = {
    "line separator": "x = '\u2028' # bad\nbad\n",
    "paragraph separator": "x = '\u2029' # bad\nbad\n",
    "next line": "x = '\x85' # bad\nbad\n",
    "form feed": "import a\n\x0cbad = 1\nbad\n",
    "vertical tab and separators": "a\x0bb\x1cc\x1dd\x1ee bad\nbad\n",
    "CRLF": "a = 1\r\nbad = 2\r\nbad",
    "CR alone": "a = 1\rbad = 2\rbad",
    "mixed": "a\r\nb\nc\rbad\r\n\r\n\n\rbad",
    "emoji": "x = '😀😀' # bad 😀 bad\nbad\n",
    "combining and wide": "x = 'é한글é' # bad\n",
    "no newline at the end": "bad",
    "empty": "",
}


def units(text: str, encoding: str) -> int:
    codec, width = CODECS[encoding]
    return len(text.encode(codec, "surrogatepass")) // width


def place(text: str, offset: int, encoding: str) -> tuple[int, int]:
    """A position as an editor would send it; written without the server's own line index."""
    breaks = list(re.finditer(r"\r\n|\n|\r", text[:offset]))
    start = breaks[-1].end() if breaks else 0
    return len(breaks), units(text[start:offset], encoding)


def edit(text: str, start: int, end: int, new: str, encoding: str) -> dict[str, Any]:
    return replace(place(text, start, encoding), place(text, end, encoding), new)


@pytest.mark.parametrize("encoding", CODECS)
@pytest.mark.parametrize("what", LINES)
def test_findings_stand_where_the_editor_counts(what: str, encoding: str) -> None:
    text = LINES[what]

    async def scenario() -> None:
        server = Inside()
        await server.start({"general": {"positionEncodings": [encoding]}})
        await server.say(opened(text, NAME))
        (published,) = server.take("textDocument/publishDiagnostics")
        expected = [
            (place(text, word.start(), encoding), place(text, word.end(), encoding))
            for word in re.finditer(r"\bbad\b", text)
        ]
        assert [_range(each) for each in published["params"]["diagnostics"]] == expected
        await server.stop()

    asyncio.run(scenario())


ALPHABET = st.sampled_from(
    ["a", "bad ", " ", "\n", "\r\n", "\r", "\u2028", "\x0c", "\x85", "\x1c", "😀", "é", "한", "\t", "'", "\ud800"]
)
TEXTS = st.lists(ALPHABET, max_size=12).map("".join)


@st.composite
def scripts(draw: st.DrawFn) -> tuple[str, list[list[tuple[float, float, str]]]]:
    """A text, and notifications of several changes each; places are fractions of the text as it is then."""
    fraction = st.floats(0, 1, allow_nan=False)
    changes = st.tuples(fraction, fraction, TEXTS)
    return draw(TEXTS), draw(st.lists(st.lists(changes, min_size=1, max_size=3), max_size=6))


@given(scripts(), st.sampled_from(sorted(CODECS)))
@settings(max_examples=150, deadline=None)
def test_any_edits_leave_the_same_text(script: tuple[str, list[list[tuple[float, float, str]]]], encoding: str) -> None:
    text, notifications = script

    async def scenario() -> None:
        nonlocal text
        server = Inside()
        await server.start({"general": {"positionEncodings": [encoding]}})
        await server.say(opened(text, NAME))
        for version, changes in enumerate(notifications, 2):
            sent = []
            for one, two, new in changes:
                start, end = sorted(_representable(text, round(each * len(text))) for each in (one, two))
                sent.append(edit(text, start, end, new, encoding))
                text = text[:start] + new + text[end:]
            await server.say(notification("textDocument/didChange", change(NAME, version, *sent)))
            assert server.workspace.open_texts["/w/pipeline.py"].text == text
        await server.stop()

    asyncio.run(scenario())


@pytest.mark.parametrize(
    ("what", "before", "sent", "after"),
    [
        ("past the end of a line", "abc\ndef\n", replace((0, 1), (0, 999), "X"), "aX\ndef\n"),
        ("past the end of a last line", "abc\ndef", replace((0, 0), (1, 999), "X"), "X"),
        ("past the last line", "abc", replace((0, 3), (999, 0), "X"), "abcX"),
        ("into an empty text", "", replace((0, 0), (0, 0), "X"), "X"),
        ("inside an emoji", "😀b", replace((0, 1), (0, 2), "X"), "Xb"),
        ("backwards", "abcdef", replace((0, 4), (0, 2), "X"), "abcdXef"),
        ("everything", "abc", {"text": "new"}, "new"),
        ("everything, to nothing", "abc", {"text": ""}, ""),
    ],
)
def test_edits_at_the_edges(what: str, before: str, sent: dict[str, Any], after: str) -> None:
    async def scenario() -> None:
        server = Inside()
        await server.start({})
        await server.say(opened(before, NAME), notification("textDocument/didChange", change(NAME, 2, sent)))
        assert server.workspace.open_texts["/w/pipeline.py"].text == after, what
        await server.stop()

    asyncio.run(scenario())


@pytest.mark.parametrize(
    ("profile", "encoding"), [(VSCODE, "utf-16"), (NEOVIM, "utf-8"), (EGLOT, "utf-32")], ids=["vscode", "nvim", "eglot"]
)
def test_a_whole_session_over_pipes(start: Callable[..., Wire], profile: dict[str, Any], encoding: str) -> None:
    server = start()
    answer = server.initialize(profile)
    assert answer["capabilities"]["positionEncoding"] == encoding
    text = "".join(LINES.values()) * 3
    server.open(NAME, text)
    for version in range(2, 60):
        at = _representable(text, (version * 7919) % len(text))
        new = ("😀", "\u2028", "", "bad\r\n", "é")[version % 5]
        end = _representable(text, min(len(text), at + version % 4))
        server.change(NAME, version, edit(text, at, end, new, encoding))
        text = text[:at] + new + text[end:]
    assert digest(text) in server.hover(NAME, 0, 0)["contents"]["value"]
    assert server.leave() == 0


def test_the_protocol_library_keeps_no_documents() -> None:
    cell = {"uri": "vscode-notebook-cell:/w/n.ipynb#1", "languageId": "python", "version": 1, "text": "bad"}
    book = {"uri": "file:///w/n.ipynb", "notebookType": "jupyter-notebook", "version": 1, "cells": []}

    async def scenario() -> None:
        server = Inside()
        await server.start({})
        await server.say(
            opened("bad", NAME),
            notification("textDocument/didOpen", {"textDocument": cell}),
            notification("notebookDocument/didOpen", {"notebookDocument": book, "cellTextDocuments": [cell]}),
            notification(
                "notebookDocument/didChange", {"notebookDocument": {"uri": book["uri"], "version": 2}, "change": {}}
            ),
        )
        workspace = server.connection.server.workspace
        assert not workspace.text_documents
        assert not workspace.notebook_documents
        await server.say(
            notification(
                "notebookDocument/didClose", {"notebookDocument": {"uri": book["uri"]}, "cellTextDocuments": [cell]}
            )
        )
        assert server.take("window/logMessage") == []
        await server.stop()

    asyncio.run(scenario())


def _representable(text: str, offset: int) -> int:
    """No editor has a cursor between CR and LF."""
    return offset + 1 if text[offset - 1 : offset + 1] == "\r\n" and offset else offset


def _range(diagnostic: dict[str, Any]) -> tuple[tuple[int, int], tuple[int, int]]:
    start, end = diagnostic["range"]["start"], diagnostic["range"]["end"]
    return (start["line"], start["character"]), (end["line"], end["character"])
