"""The lightbulb, for clients of every ability."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from lsp.inside import Inside
from lsp.wire import EGLOT, NEOVIM, NOTHING, VSCODE, change, notification, opened, replace, span

NAME = "file:///w/a.py"
TEXT = "x = bad\ny = worse\nz = advice\ns = stuck\nbad"


def run(scenario: Callable[[Inside], Awaitable[None]]) -> None:
    async def whole() -> None:
        server = Inside()
        await scenario(server)
        await server.stop()

    asyncio.run(whole())


async def listed(
    server: Inside, line: int, column: int = 4, only: list[str] | None = None, diagnostics: list[Any] | None = None
) -> list[dict[str, Any]]:
    context: dict[str, Any] = {"diagnostics": diagnostics or []}
    if only is not None:
        context["only"] = only
    params = {"textDocument": {"uri": NAME}, "range": span((line, column), (line, column)), "context": context}
    result: list[dict[str, Any]] = (await server.ask("textDocument/codeAction", params))["result"]
    return result


async def opened_in(server: Inside, profile: dict[str, Any]) -> dict[str, Any]:
    answer = await server.start(profile)
    await server.say(opened(TEXT, NAME))
    return answer["capabilities"]


@pytest.mark.parametrize(
    ("line", "column", "titles"),
    [
        (0, 4, ["Write good", "Ignore correctness/bad here", "Apply all safe fixes of PipeSense"]),
        (0, 7, ["Write good", "Ignore correctness/bad here", "Apply all safe fixes of PipeSense"]),
        (0, 2, []),
        (1, 6, ["Write better everywhere", "Ignore correctness/worse here"]),
        (2, 6, ["Think again", "Ignore quality/advice here"]),
        (3, 6, ["Turn the screw", "Ignore quality/stuck here"]),
    ],
)
def test_what_is_offered_where(line: int, column: int, titles: list[str]) -> None:
    async def scenario(server: Inside) -> None:
        capabilities = await opened_in(server, VSCODE)
        assert capabilities["codeActionProvider"] == {
            "codeActionKinds": ["quickfix", "refactor", "source.fixAll.pipesense"],
            "resolveProvider": True,
        }
        actions = await listed(server, line, column)
        assert [each["title"] for each in actions] == titles
        assert all("edit" not in each for each in actions), "edits come when they are asked for"
        assert all(each.get("isPreferred", False) is (each["title"] == "Write good") for each in actions)

    run(scenario)


@pytest.mark.parametrize(
    ("only", "kinds"),
    [
        (["quickfix"], {"quickfix"}),
        (["source.fixAll"], {"source.fixAll.pipesense"}),
        (["source.fixAll.pipesense"], {"source.fixAll.pipesense"}),
        (["source"], {"source.fixAll.pipesense"}),
        (["source.organizeImports"], set()),
        (["refactor"], set()),
        ([""], {"quickfix", "source.fixAll.pipesense"}),
        ([], set()),
    ],
)
def test_only_the_kinds_that_are_asked_for(only: list[str], kinds: set[str]) -> None:
    async def scenario(server: Inside) -> None:
        await opened_in(server, VSCODE)
        assert {each["kind"] for each in await listed(server, 0, only=only)} == kinds

    run(scenario)


def test_an_action_names_the_diagnostic_that_it_ends() -> None:
    async def scenario(server: Inside) -> None:
        await opened_in(server, VSCODE)
        shown = (await server.ask("textDocument/diagnostic", {"textDocument": {"uri": NAME}}))["result"]["items"]
        first, last = shown[0], shown[-1]
        (fix, *_) = await listed(server, 0, diagnostics=[last, first])
        assert fix["diagnostics"] == [first], "the two have one rule and one message; their marks differ"

    run(scenario)


def test_a_fix_is_made_for_the_text_as_it_is_when_it_is_asked_for() -> None:
    async def scenario(server: Inside) -> None:
        await opened_in(server, VSCODE)
        (fix, *_) = await listed(server, 0)
        await server.say(notification("textDocument/didChange", change(NAME, 2, replace((0, 0), (0, 0), "\n\n"))))
        edit = (await server.ask("codeAction/resolve", fix))["result"]["edit"]
        assert edit == {
            "documentChanges": [
                {
                    "textDocument": {"uri": NAME, "version": 2},
                    "edits": [{"range": span((2, 4), (2, 7)), "newText": "good"}],
                }
            ]
        }

    run(scenario)


def test_a_fix_whose_finding_is_gone_says_so() -> None:
    async def scenario(server: Inside) -> None:
        await opened_in(server, VSCODE)
        fix, ignore, _ = await listed(server, 0)
        await server.say(notification("textDocument/didChange", change(NAME, 2, {"text": "fine"})))
        for action, why in ((fix, "the finding is not there any more"), (ignore, "The finding is gone")):
            error = (await server.ask("codeAction/resolve", action))["error"]
            assert error["code"] == -32803
            assert error["message"].startswith(why)
            assert "data" not in error

    run(scenario)


def test_a_fix_that_cannot_be_written_says_why() -> None:
    async def scenario(server: Inside) -> None:
        await opened_in(server, VSCODE)
        (fix, *_) = await listed(server, 3)
        assert (await server.ask("codeAction/resolve", fix))["error"]["message"] == "the screw is rusty"

    run(scenario)


def test_advice_is_shown_and_never_applied() -> None:
    async def scenario(server: Inside) -> None:
        await opened_in(server, VSCODE)
        (advice, *_) = await listed(server, 2)
        assert "disabled" in advice
        assert "data" not in advice

    run(scenario)


def test_ignoring_here() -> None:
    async def scenario(server: Inside) -> None:
        await opened_in(server, VSCODE)
        ignore = (await listed(server, 1))[1]
        (change_,) = (await server.ask("codeAction/resolve", ignore))["result"]["edit"]["documentChanges"]
        (edit,) = change_["edits"]
        assert edit == {"range": span((1, 9), (1, 9)), "newText": "  # pipesense: ignore[correctness/worse]"}

    run(scenario)


def test_all_safe_fixes_and_no_others() -> None:
    async def scenario(server: Inside) -> None:
        await opened_in(server, VSCODE)
        (action,) = await listed(server, 2, only=["source.fixAll.pipesense"])
        (change_,) = (await server.ask("codeAction/resolve", action))["result"]["edit"]["documentChanges"]
        assert [each["range"]["start"]["line"] for each in change_["edits"]] == [0, 4]

    run(scenario)


def test_a_file_without_safe_fixes_has_no_fix_all() -> None:
    async def scenario(server: Inside) -> None:
        await server.start(VSCODE)
        await server.say(opened("worse", NAME))
        assert await listed(server, 0, only=["source.fixAll"]) == []

    run(scenario)


def test_a_client_that_cannot_ask_later_gets_the_edit_at_once() -> None:
    """Emacs's eglot: no resolve, documentChanges but no resource operations, no disabled actions."""

    async def scenario(server: Inside) -> None:
        capabilities = await opened_in(server, EGLOT)
        assert capabilities["codeActionProvider"]["resolveProvider"] is False
        (fix, ignore, every) = await listed(server, 0)
        assert all("edit" in each and "data" not in each for each in (fix, ignore, every))
        assert [each["title"] for each in await listed(server, 3)] == ["Ignore quality/stuck here"]
        assert [each["title"] for each in await listed(server, 2)] == ["Ignore quality/advice here"]
        (other, _) = await listed(server, 1)
        changes = other["edit"]["documentChanges"]
        assert all("kind" not in each for each in changes), "it is never told to create a file"
        assert {each["textDocument"]["uri"] for each in changes} == {NAME, "file:///w/a_other.py", "file:///w/a_new.py"}
        assert "changeAnnotations" not in other["edit"]

    run(scenario)


def test_new_files_and_other_files_for_a_client_that_can() -> None:
    async def scenario(server: Inside) -> None:
        await opened_in(server, VSCODE)
        (fix, *_) = await listed(server, 1)
        edit = (await server.ask("codeAction/resolve", fix))["result"]["edit"]
        create, text, own, other = edit["documentChanges"]
        assert (create["kind"], create["uri"]) == ("create", "file:///w/a_new.py")
        assert create["options"] == {"overwrite": False, "ignoreIfExists": False}
        assert text["textDocument"] == {"uri": "file:///w/a_new.py", "version": None}
        assert own["textDocument"] == {"uri": NAME, "version": 1}
        assert other["textDocument"] == {"uri": "file:///w/a_other.py", "version": None}
        assert edit["changeAnnotations"][other["edits"][0]["annotationId"]]["needsConfirmation"] is True
        assert "annotationId" not in own["edits"][0]

    run(scenario)


def test_neovim_names_the_operations_but_not_the_ability() -> None:
    async def scenario(server: Inside) -> None:
        await opened_in(server, NEOVIM)
        (fix, *_) = await listed(server, 1)
        edit = (await server.ask("codeAction/resolve", fix))["result"]["edit"]
        assert edit["documentChanges"][0]["kind"] == "create"
        assert "changeAnnotations" not in edit

    run(scenario)


def test_a_client_with_plain_edits_only() -> None:
    profile = json.loads(json.dumps(EGLOT))
    del profile["workspace"]["workspaceEdit"]

    async def scenario(server: Inside) -> None:
        await opened_in(server, profile)
        (fix, *_) = await listed(server, 0)
        assert fix["edit"] == {"changes": {NAME: [{"range": span((0, 4), (0, 7)), "newText": "good"}]}}

    run(scenario)


def test_a_client_that_knows_only_commands_is_promised_nothing() -> None:
    async def scenario(server: Inside) -> None:
        capabilities = await opened_in(server, NOTHING)
        assert "codeActionProvider" not in capabilities

    run(scenario)


@pytest.mark.parametrize("data", [None, 5, [], {}, {"do": "fix"}, {"do": "fix", "id": 5, "uri": NAME}, {"uri": 5}])
def test_an_action_that_is_not_ours_is_refused_or_returned(data: object) -> None:
    async def scenario(server: Inside) -> None:
        await opened_in(server, VSCODE)
        answer = await server.ask("codeAction/resolve", {"title": "foreign", "data": data})
        assert "error" in answer or "edit" not in answer["result"]
        assert server.take("window/logMessage") == []

    run(scenario)


def test_quality_checks_for_the_table_at_the_cursor() -> None:
    async def scenario(server: Inside) -> None:
        await server.start(VSCODE)
        await server.say(opened("make table\nmake view", NAME))
        (action,) = await listed(server, 0, 7, only=["refactor"])
        assert (action["title"], action["kind"]) == ("Insert quality checks for table", "refactor")
        assert "edit" not in action
        assert await listed(server, 0, 7, only=["quickfix"]) == []
        changes = (await server.ask("codeAction/resolve", action))["result"]["edit"]["documentChanges"]
        assert changes[0]["kind"] == "create"
        assert changes[0]["uri"] == "file:///w/checks/table.sql"
        assert changes[1]["edits"][0]["newText"] == "SELECT 1;\n"
        (refused,) = await listed(server, 1, 7, only=["refactor"])
        answer = await server.ask("codeAction/resolve", refused)
        assert "a view has no load" in answer["error"]["message"]

    run(scenario)


def test_a_test_for_the_pipeline_at_the_cursor() -> None:
    async def scenario(server: Inside) -> None:
        await server.start(VSCODE)
        await server.say(opened("run pipeline\nrun gone", NAME))
        (action,) = await listed(server, 0, 5, only=["refactor"])
        assert (action["title"], action["kind"]) == ("Write a test for pipeline", "refactor")
        assert "edit" not in action
        assert await listed(server, 0, 5, only=["quickfix"]) == []
        changes = (await server.ask("codeAction/resolve", action))["result"]["edit"]["documentChanges"]
        assert (changes[0]["kind"], changes[0]["uri"]) == ("create", "file:///w/tests/test_pipeline.py")
        assert changes[1]["edits"][0]["newText"] == "def test(): ...\n"
        (refused,) = await listed(server, 1, 5, only=["refactor"])
        answer = await server.ask("codeAction/resolve", refused)
        assert "the pipeline is not there any more" in answer["error"]["message"]

    run(scenario)
