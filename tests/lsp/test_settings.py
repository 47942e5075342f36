"""Settings, folders, files and progress: what changes while the server runs, without a restart."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from lsp.inside import Inside
from lsp.wire import EGLOT, NEOVIM, NOTHING, VSCODE, Wire, notification, opened, uri
from pipesense.lsp.progress import IndexProgress
from pipesense.lsp.settings import Settings

NAME = "file:///w/a.py"
PUBLISH = "textDocument/publishDiagnostics"


def run(scenario: Callable[[Inside], Awaitable[None]], disk: dict[str, str] | None = None) -> None:
    async def whole() -> None:
        server = Inside(disk)
        await scenario(server)
        await server.stop()

    asyncio.run(whole())


@pytest.mark.parametrize(
    ("section", "overrides"),
    [
        (None, {}),
        (5, {}),
        ({}, {}),
        ({"select": ["quality"], "path": ["/opt/x"], "trace": {"server": "off"}}, {"select": ["quality"]}),
        ({"select": None, "ignore": ["x"]}, {"ignore": ["x"]}),
        ({"perFileIgnores": {"a": ["x"]}}, {"per-file-ignores": {"a": ["x"]}}),
        ({"per-file-ignores": {"a": ["x"]}}, {"per-file-ignores": {"a": ["x"]}}),
        ({"severity": {"quality": "hint"}, "dialect": "snowflake"}, {"severity": {"quality": "hint"}, "dialect": "snowflake"}),
    ],
)  # fmt: skip
def test_what_the_engine_is_told(section: object, overrides: dict[str, object]) -> None:
    assert Settings.read(section).overrides == overrides


@pytest.mark.parametrize("url", ["ftp://x", "docs", 5, None, ""])
def test_only_web_addresses_are_linked(url: object) -> None:
    assert Settings.read({"documentationUrl": url}).documentation is None


def test_settings_that_are_pushed_hold_at_once() -> None:
    async def scenario(server: Inside) -> None:
        await server.start(NOTHING)
        await server.say(opened("bad worse", NAME))
        server.take(PUBLISH)
        settings = {"settings": {"pipesense": {"ignore": ["correctness/bad"]}}}
        await server.say(notification("workspace/didChangeConfiguration", settings))
        (message,) = server.take(PUBLISH)
        assert [each["code"] for each in message["params"]["diagnostics"]] == ["correctness/worse"]
        await server.say(notification("workspace/didChangeConfiguration", settings))
        assert server.take(PUBLISH) == [], "the same settings again change nothing"

    run(scenario)


def test_settings_are_asked_for_where_the_client_answers() -> None:
    async def scenario(server: Inside) -> None:
        await server.start(EGLOT)
        await server.say(opened("bad", NAME))
        (asked,) = server.take("workspace/configuration")
        assert asked["params"]["items"] == [{"section": "pipesense"}]
        server.take(PUBLISH)
        await server.say({"jsonrpc": "2.0", "id": asked["id"], "result": [{"ignore": ["correctness/bad"]}]})
        (message,) = server.take(PUBLISH)
        assert message["params"]["diagnostics"] == []
        # A change comes without its contents: the client is asked again.
        await server.say(notification("workspace/didChangeConfiguration", {"settings": None}))
        (asked,) = server.take("workspace/configuration")
        await server.say({"jsonrpc": "2.0", "id": asked["id"], "result": [{}]})
        (message,) = server.take(PUBLISH)
        assert len(message["params"]["diagnostics"]) == 1

    run(scenario)


def test_a_client_that_refuses_to_tell_its_settings() -> None:
    async def scenario(server: Inside) -> None:
        await server.start(EGLOT)
        (asked,) = server.take("workspace/configuration")
        await server.say({"jsonrpc": "2.0", "id": asked["id"], "error": {"code": -32601, "message": "no"}})
        await server.say(opened("bad", NAME))
        assert len(server.take(PUBLISH)) == 1

    run(scenario)


def test_settings_in_the_first_message_hold_for_the_first_file() -> None:
    async def scenario(server: Inside) -> None:
        await server.start(NOTHING, initializationOptions={"settings": {"ignore": ["correctness/bad"]}})
        await server.say(opened("bad", NAME))
        (message,) = server.take(PUBLISH)
        assert message["params"]["diagnostics"] == []

    run(scenario)


def test_a_wrong_setting_is_shown() -> None:
    async def scenario(server: Inside) -> None:
        await server.start(NOTHING)
        settings = {"settings": {"pipesense": {"select": 5}}}
        await server.say(notification("workspace/didChangeConfiguration", settings))
        (message,) = server.take("window/showMessage")
        assert message["params"] == {
            "type": 2,
            "message": 'In the editor\'s settings for PipeSense: "select" must be a list.',
        }

    run(scenario)


@pytest.mark.parametrize(
    ("profile", "methods"),
    [
        (VSCODE, ["workspace/didChangeWatchedFiles", "workspace/didChangeConfiguration"]),
        (NEOVIM, []),
        (EGLOT, []),
    ],
    ids=["vscode", "nvim", "eglot"],
)
def test_events_are_registered_only_where_they_can_be(profile: dict[str, Any], methods: list[str]) -> None:
    async def scenario(server: Inside) -> None:
        await server.start(profile)
        registered = [
            each["method"]
            for message in server.take("client/registerCapability")
            for each in message["params"]["registrations"]
        ]
        assert registered == methods

    run(scenario)


def test_folders_come_and_go(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("bad")
    folder = {"uri": uri(tmp_path), "name": "w"}

    async def scenario(server: Inside) -> None:
        await server.start(NOTHING, workspaceFolders=[])
        await server.say(
            notification("workspace/didChangeWorkspaceFolders", {"event": {"added": [folder, folder], "removed": []}})
        )
        assert server.workspace.roots == [str(tmp_path)]
        await server.say(
            notification("workspace/didChangeWorkspaceFolders", {"event": {"added": [], "removed": [folder, folder]}})
        )
        assert server.workspace.roots == []

    run(scenario)


@pytest.mark.parametrize("how", ["workspaceFolders", "rootUri", "rootPath"])
def test_the_workspace_by_any_name(how: str, tmp_path: Path) -> None:
    given: dict[str, object] = {
        "workspaceFolders": {"workspaceFolders": [{"uri": uri(tmp_path), "name": "w"}], "rootUri": "file:///other"},
        "rootUri": {"rootUri": uri(tmp_path), "rootPath": "/other"},
        "rootPath": {"rootUri": None, "rootPath": str(tmp_path)},
    }[how]  # type: ignore[assignment]

    async def scenario(server: Inside) -> None:
        await server.start(NOTHING, **given)  # type: ignore[arg-type]
        await asyncio.sleep(0.05)
        assert server.workspace.roots == [str(tmp_path)]

    run(scenario)


def test_without_a_folder_a_file_s_own_project_is_the_workspace(tmp_path: Path) -> None:
    (tmp_path / "pipesense.toml").write_text("")
    (tmp_path / "dags").mkdir()

    async def scenario(server: Inside) -> None:
        await server.start(NOTHING)
        await server.say(opened("bad", uri(tmp_path / "dags" / "a.py")))
        await asyncio.sleep(0.05)
        assert server.workspace.roots == [str(tmp_path)]

    run(scenario)


def test_the_index_gives_findings_of_files_nobody_opened(start: Callable[..., Wire], tmp_path: Path) -> None:
    for number in range(30):
        (tmp_path / f"m{number}.sql").write_text("bad\n" if number % 3 else "fine\n")
    server = start()
    server.initialize(VSCODE, tmp_path)
    found: dict[str, str] = {}
    while len(found) < 20:
        known = [{"uri": name, "value": result} for name, result in found.items()]
        for report in server.request("workspace/diagnostic", {"previousResultIds": known})["items"]:
            assert len(report["items"]) == 1
            found[report["uri"]] = report["resultId"]
    assert set(found) == {uri(tmp_path / f"m{number}.sql") for number in range(30) if number % 3}
    assert server.leave() == 0


class Bar:
    """A client that writes down its progress bar."""

    def __init__(self, agrees: bool = True) -> None:
        self.seen: list[str] = []
        self._agrees = agrees

    def ask_for_progress(self, token: str, created: Callable[[bool], None]) -> None:
        self.seen.append("create")
        created(self._agrees)

    def send_progress(self, token: str, value: Any) -> None:
        self.seen.append(json.dumps(value.kind)[1:-1])


@pytest.mark.parametrize(
    ("seconds", "agrees", "reports"),
    [(0.3, True, None), (2.0, True, (10, 17)), (2.0, False, None)],
)
def test_a_progress_bar_for_long_work_only(seconds: float, agrees: bool, reports: tuple[int, int] | None) -> None:
    clock = [0.0]
    bar = Bar(agrees)
    progress = IndexProgress(bar, lambda: clock[0])
    steps = int(seconds / 0.001)
    for step in range(steps):
        clock[0] += 0.001
        progress.working(step, steps)
    progress.idle()
    if reports is None:
        assert bar.seen == (["create"] if not agrees else [])
    else:
        assert bar.seen[:2] == ["create", "begin"]
        assert bar.seen[-1] == "end"
        assert reports[0] <= bar.seen.count("report") <= reports[1]
    bar.seen.clear()
    progress.working(0, 1)
    progress.idle()
    assert bar.seen == [], "the next stretch of work starts afresh"
