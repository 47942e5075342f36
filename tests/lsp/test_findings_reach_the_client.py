"""Findings are pulled or pushed, never both, and no more often than needed. Counts, not times."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from lsp.conftest import Start
from lsp.inside import Inside
from lsp.wire import (
    EGLOT,
    NEOVIM,
    NOTHING,
    PIPESENSE,
    VSCODE,
    change,
    notification,
    opened,
    replace,
    request,
    uri,
)
from pipesense.lsp import results as results_module
from pipesense.lsp import scheduler as scheduler_module
from pipesense.lsp.settings import DiagnosticMode, Settings

NAME = "file:///w/a.py"
OTHER = "file:///w/b.py"
PUBLISH = "textDocument/publishDiagnostics"
REFRESH = "workspace/diagnostic/refresh"

Scenario = Callable[[Inside], Awaitable[None]]


def run(scenario: Scenario, disk: dict[str, str] | None = None) -> None:
    async def whole() -> None:
        server = Inside(disk)
        await scenario(server)
        await server.stop()

    asyncio.run(whole())


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Waiting times of the product, cut to next to nothing."""
    monkeypatch.setattr(results_module, "REFRESH_SECONDS", 0.01)
    monkeypatch.setattr(results_module, "_GATHER_SECONDS", 0.01)
    monkeypatch.setattr(scheduler_module, "REST_SECONDS", 0.01)


def typed(version: int, at: int = 0, text: str = "x", name: str = NAME) -> dict[str, Any]:
    return notification("textDocument/didChange", change(name, version, replace((0, at), (0, at), text)))


def pull(server: Inside, previous: str | None = None, name: str = NAME) -> Awaitable[dict[str, Any]]:
    params: dict[str, Any] = {"textDocument": {"uri": name}}
    return server.ask(
        "textDocument/diagnostic", params if previous is None else {**params, "previousResultId": previous}
    )


# --- one way only


@pytest.mark.parametrize("profile", [VSCODE, NEOVIM], ids=["vscode", "nvim"])
def test_a_client_that_pulls_is_never_pushed_to(profile: dict[str, Any]) -> None:
    async def scenario(server: Inside) -> None:
        answer = await server.start(profile)
        assert answer["capabilities"]["diagnosticProvider"] == {
            "identifier": "pipesense",
            "interFileDependencies": True,
            "workspaceDiagnostics": True,
        }
        await server.say(opened("bad", NAME), typed(2), notification("textDocument/didClose", _document()))
        assert server.take(PUBLISH) == []

    run(scenario)


@pytest.mark.parametrize("profile", [EGLOT, NOTHING], ids=["eglot", "nothing"])
def test_a_client_that_cannot_pull_is_pushed_to(profile: dict[str, Any]) -> None:
    async def scenario(server: Inside) -> None:
        answer = await server.start(profile)
        assert "diagnosticProvider" not in answer["capabilities"]
        await server.say(opened("bad", NAME))
        (message,) = server.take(PUBLISH)
        assert message["params"]["uri"] == NAME
        assert message["params"]["version"] == 1
        assert [each["code"] for each in message["params"]["diagnostics"]] == ["correctness/bad"]

    run(scenario)


# --- pushing


def test_queued_edits_are_applied_in_order_and_analysed_once() -> None:
    async def scenario(server: Inside) -> None:
        await server.start(NOTHING)
        await server.say(opened("", NAME))
        before = len(server.workspace.analysed)
        server.take(PUBLISH)
        await server.say(*(typed(version, version - 2, "bad "[version % 4]) for version in range(2, 102)))
        assert server.workspace.changes == 100
        assert len(server.workspace.analysed) - before == 1
        (message,) = server.take(PUBLISH)
        assert message["params"]["version"] == 101

    run(scenario)


def test_a_request_between_edits_sees_the_edits_before_it() -> None:
    async def scenario(server: Inside) -> None:
        await server.start(NOTHING)
        await server.say(
            opened("", NAME), typed(2, 0, "b"), request("h", "textDocument/hover", _place()), typed(3, 1, "a")
        )
        assert server.answer("h")["result"]["contents"]["value"].startswith("TEXT\n\n1 characters")

    run(scenario)


def test_every_version_is_published_after_an_edit_even_when_nothing_changed() -> None:
    """The client may wait for its version, and its own marks may be gone with the text they stood on."""

    async def scenario(server: Inside) -> None:
        await server.start(NOTHING)
        await server.say(opened("ok", NAME))
        await server.say(typed(2))
        await server.say(typed(3))
        assert [each["params"]["version"] for each in server.take(PUBLISH)] == [1, 2, 3]

    run(scenario)


def test_background_work_publishes_only_what_changed() -> None:
    disk = {"/w/a.py": "bad"}

    async def scenario(server: Inside) -> None:
        await server.start(NOTHING)
        await server.say(opened("bad", NAME))
        server.take(PUBLISH)
        for _ in range(3):
            await server.say(_watched(NAME, OTHER))
            await _idle(server)
        assert server.take(PUBLISH) == []
        server.connection.session.core.results.changed(frozenset({"/w/a.py"}))
        assert server.take(PUBLISH) == []

    run(scenario, disk)


def test_a_closed_file_is_cleared_once() -> None:
    async def scenario(server: Inside) -> None:
        await server.start(NOTHING)
        await server.say(opened("bad", NAME), opened("ok", OTHER))
        server.take(PUBLISH)
        await server.say(
            notification("textDocument/didClose", _document()), notification("textDocument/didClose", _document(OTHER))
        )
        (message,) = server.take(PUBLISH)
        assert message["params"] == {"uri": NAME, "diagnostics": []}

    run(scenario)


def test_closed_files_are_published_when_the_user_wants_the_workspace() -> None:
    async def scenario(server: Inside) -> None:
        await server.start(NOTHING, initializationOptions={"settings": {}})
        await server.say(
            notification(
                "workspace/didChangeConfiguration", {"settings": {"pipesense": {"diagnosticMode": "workspace"}}}
            )
        )
        await server.say(_watched(OTHER))
        await _idle(server)
        (message,) = server.take(PUBLISH)
        assert message["params"]["uri"] == OTHER
        assert "version" not in message["params"]
        await server.say(
            notification(
                "workspace/didChangeConfiguration", {"settings": {"pipesense": {"diagnosticMode": "openFilesOnly"}}}
            )
        )
        (message,) = server.take(PUBLISH)
        assert message["params"] == {"uri": OTHER, "diagnostics": []}

    run(scenario, {"/w/b.py": "bad"})


@pytest.mark.parametrize(("mode", "published"), [("workspace", True), ("openFilesOnly", False), (None, False)])
def test_the_files_that_are_wanted_may_be_told_at_the_start(mode: str | None, published: bool) -> None:
    async def scenario(server: Inside) -> None:
        await server.start(NOTHING, initializationOptions={"settings": {"diagnosticMode": mode}})
        await server.say(_watched(OTHER))
        await _idle(server)
        assert bool(server.take(PUBLISH)) is published

    run(scenario, {"/w/b.py": "bad"})


def test_files_that_are_not_open_are_not_pulled_where_only_open_ones_are_wanted(start: Start, tmp_path: Path) -> None:
    (tmp_path / "a.sql").write_text("DELETE FROM a.b WHERE c = NULL;\n")
    wire = start(PIPESENSE)
    settings = {"diagnosticMode": "openFilesOnly"}
    told_once = {**VSCODE, "workspace": {**VSCODE["workspace"], "configuration": False}}
    wire.initialize(told_once, tmp_path, initializationOptions={"settings": settings})
    number = wire.start_request("workspace/diagnostic", {"previousResultIds": []})
    name = uri(tmp_path / "b.sql")
    wire.open(name, "DELETE FROM a.b WHERE c = NULL;\n", "sql")
    assert wire.pulled(name)["items"]
    wire.drain(1.0)
    wire.notify("$/cancelRequest", {"id": number})
    told = wire.answer(number).get("result", {"items": []})["items"]
    assert [each["uri"] for each in told if each.get("items")] == [], "nothing of files that are not open"


def test_a_text_at_rest_is_looked_at_once_more(monkeypatch: pytest.MonkeyPatch) -> None:
    async def scenario(server: Inside) -> None:
        await server.start(NOTHING)
        await server.say(opened("ok", NAME))
        await asyncio.sleep(0.03)
        work = server.connection.session.core.scheduler.work
        settled = work.settled
        with monkeypatch.context() as slowly:
            slowly.setattr(scheduler_module, "REST_SECONDS", 60.0)
            for version in range(2, 12):
                await server.say(typed(version))
            await asyncio.sleep(0.03)
        assert work.settled == settled, "nobody rests while typing"
        await server.say(typed(12))
        server.take(PUBLISH)
        # The engine says that the full cut differs: the file is analysed again and what changed is told.
        monkeypatch.setattr(server.workspace, "settle", lambda path: True)
        server.workspace.open_texts["/w/a.py"].reset("bad")
        await asyncio.sleep(0.05)
        assert work.settled == settled + 1
        (message,) = server.take(PUBLISH)
        assert len(message["params"]["diagnostics"]) == 1

    run(scenario)


# --- pulling


def test_a_pull_that_finds_nothing_new_says_so() -> None:
    async def scenario(server: Inside) -> None:
        await server.start(VSCODE)
        await server.say(opened("bad", NAME))
        full = (await pull(server))["result"]
        assert full["kind"] == "full"
        assert len(full["items"]) == 1
        assert (await pull(server, full["resultId"]))["result"] == {"kind": "unchanged", "resultId": full["resultId"]}
        await server.say(typed(2, 0, "bad "))
        changed = (await pull(server, full["resultId"]))["result"]
        assert changed["kind"] == "full"
        assert len(changed["items"]) == 2

    run(scenario)


def test_a_workspace_pull_waits_until_there_is_news() -> None:
    disk = {"/w/b.py": "bad"}

    async def scenario(server: Inside) -> None:
        await server.start(VSCODE)
        await server.say(opened("bad", NAME))
        await server.say(request("poll", "workspace/diagnostic", {"previousResultIds": []}))
        await _idle(server)
        assert not [each for each in server.sent if each.get("id") == "poll"]
        await server.say(_watched(OTHER))
        (report,) = (await _answer(server, "poll"))["result"]["items"]
        assert (report["uri"], report["kind"], len(report["items"])) == (OTHER, "full", 1)
        # The open file is not among them: it is pulled for itself.
        known = [{"uri": OTHER, "value": report["resultId"]}]
        await server.say(request("again", "workspace/diagnostic", {"previousResultIds": known}))
        await _idle(server)
        disk["/w/b.py"] = "fine"
        await server.say(_watched(OTHER))
        (report,) = (await _answer(server, "again"))["result"]["items"]
        assert (report["uri"], report["items"]) == (OTHER, [])

    run(scenario, disk)


def test_findings_of_a_file_that_is_gone_end() -> None:
    disk = {"/w/b.py": "bad"}

    async def scenario(server: Inside) -> None:
        await server.start(VSCODE)
        await server.say(opened("ok", NAME), _watched(OTHER))
        await _idle(server)
        first = await server.ask("workspace/diagnostic", {"previousResultIds": []})
        (report,) = first["result"]["items"]
        del disk["/w/b.py"]
        known = [{"uri": OTHER, "value": report["resultId"]}]
        await server.say(request("poll", "workspace/diagnostic", {"previousResultIds": known}), _watched(OTHER))
        (gone,) = (await _answer(server, "poll"))["result"]["items"]
        assert (gone["uri"], gone["items"]) == (OTHER, [])

    run(scenario, disk)


def test_a_waiting_workspace_pull_can_be_cancelled() -> None:
    async def scenario(server: Inside) -> None:
        await server.start(VSCODE)
        await server.say(request(77, "workspace/diagnostic", {"previousResultIds": []}))
        before = server.connection.server.protocol.open_requests
        await server.say(notification("$/cancelRequest", {"id": 77}))
        assert server.answer(77)["error"]["code"] == -32800
        assert server.connection.server.protocol.open_requests == before - 1

    run(scenario)


def test_the_client_is_asked_to_refresh_once_for_many_changes() -> None:
    async def scenario(server: Inside) -> None:
        await server.start(VSCODE)
        await server.say(opened("bad", NAME))
        for _ in range(10):
            server.connection.session.core.results.changed(frozenset({"/w/a.py"}))
        await asyncio.sleep(0.03)
        assert len(server.take(REFRESH)) == 1
        # What changes in closed files alone is told by the workspace pull.
        server.connection.session.core.results.changed(frozenset({"/w/b.py"}))
        await asyncio.sleep(0.03)
        assert server.take(REFRESH) == []

    run(scenario)


def test_a_client_that_cannot_refresh_is_not_asked() -> None:
    profile = json.loads(json.dumps(VSCODE))
    del profile["workspace"]["diagnostics"]

    async def scenario(server: Inside) -> None:
        await server.start(profile)
        await server.say(opened("bad", NAME))
        server.connection.session.core.results.changed(frozenset({"/w/a.py"}))
        await asyncio.sleep(0.03)
        assert server.take(REFRESH) == []

    run(scenario)


# --- what a diagnostic says


def test_what_a_diagnostic_says() -> None:
    async def scenario(server: Inside) -> None:
        await server.start(
            VSCODE, initializationOptions={"settings": {"documentationUrl": "https://docs.example.org/r/"}}
        )
        await server.say(opened("obsolete\nfar\nbad", NAME))
        obsolete, far, bad = (await pull(server))["result"]["items"]
        assert obsolete["tags"] == [2]
        assert "tags" not in bad
        assert obsolete["codeDescription"] == {"href": "https://docs.example.org/r/upgrade/obsolete"}
        assert (bad["source"], bad["code"], bad["severity"]) == ("pipesense", "correctness/bad", 1)
        assert list(bad["data"]) == ["fp"]
        assert [each["message"] for each in far["relatedInformation"]] == ["place 0", "place 1", "place 2"]
        assert far["relatedInformation"][0]["location"]["uri"] == NAME

    run(scenario)


def test_nothing_is_said_that_the_client_does_not_understand() -> None:
    async def scenario(server: Inside) -> None:
        await server.start(NOTHING)
        await server.say(opened("obsolete\nfar", NAME))
        (message,) = server.take(PUBLISH)
        for diagnostic in message["params"]["diagnostics"]:
            assert set(diagnostic) == {"range", "severity", "code", "source", "message"}

    run(scenario)


def test_a_file_with_very_many_findings_shows_the_worst_and_says_how_many_are_hidden() -> None:
    async def scenario(server: Inside) -> None:
        await server.start(VSCODE)
        await server.say(opened("advice\n" * 400 + "bad\n" * 300, NAME))
        items = (await pull(server))["result"]["items"]
        assert len(items) == 501
        assert sum(each.get("code") == "correctness/bad" for each in items) == 300
        assert items[-1]["message"].startswith("200 more findings")
        assert "code" not in items[-1]

    run(scenario)


def test_shifted_findings_are_written_from_kept_text() -> None:
    async def scenario(server: Inside) -> None:
        await server.start(VSCODE)
        await server.say(opened("bad\n" * 3, NAME))
        first = (await pull(server))["result"]["items"]
        await server.say(typed(2, 0, "\n\n"))
        second = (await pull(server))["result"]["items"]
        assert [each["range"]["start"]["line"] for each in second] == [2, 3, 4]
        assert [{**each, "range": 0} for each in first] == [{**each, "range": 0} for each in second]
        writer = server.connection.session.core.writer
        assert writer.kept() == 3

    run(scenario)


# --- documents that are not ours


@pytest.mark.parametrize(
    ("name", "language", "found"),
    [
        ("file:///w/a.py", "python", 1),
        ("file:///w/A.SQL", "sql", 1),
        ("file:///w/model.sql", "jinja-sql", 1),
        ("file:///w/with%20space/%C3%A4.py", "python", 1),
        ("untitled:Untitled-1", "python", 1),
        ("untitled:Untitled-2", "snowflake-sql", 1),
        ("untitled:Untitled-3", "markdown", 0),
        ("file:///w/readme.md", "markdown", 0),
        ("file:///w/script", "python", 0),
        ("git:/w/a.py?ref=HEAD", "python", 0),
        ("vscode-notebook-cell:/w/n.ipynb#W0", "python", 0),
    ],
)
def test_which_documents_are_read(name: str, language: str, found: int) -> None:
    async def scenario(server: Inside) -> None:
        await server.start(NOTHING)
        await server.say(opened("bad", name, language), typed(2, 0, " ", name))
        messages = server.take(PUBLISH)
        assert len(messages) == found
        assert all(each["params"]["uri"] == name and each["params"]["diagnostics"] for each in messages)
        await server.say(notification("textDocument/didClose", _document(name)))

    run(scenario)


def test_settings_name_the_mode() -> None:
    assert Settings.read({"diagnosticMode": "openFilesOnly"}).mode is DiagnosticMode.OPEN_FILES
    assert Settings.read({"diagnosticMode": 7}).mode is None


def _document(name: str = NAME) -> dict[str, Any]:
    return {"textDocument": {"uri": name}}


def _place() -> dict[str, Any]:
    return {**_document(), "position": {"line": 0, "character": 0}}


def _watched(*names: str) -> dict[str, Any]:
    return notification("workspace/didChangeWatchedFiles", {"changes": [{"uri": name, "type": 2} for name in names]})


async def _answer(server: Inside, number: str) -> dict[str, Any]:
    """The answer to a request that waits for something, however long the machine takes."""
    for _ in range(1000):
        if any(each.get("id") == number for each in server.sent):
            break
        await asyncio.sleep(0.01)
    return server.answer(number)


async def _idle(server: Inside) -> None:
    for _ in range(50):
        await asyncio.sleep(0.004)
        if server.connection.session.core.scheduler.is_idle:
            break
    await asyncio.sleep(0.02)
