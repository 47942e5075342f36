"""Of a long SQL file the top is shown before the rest is read."""

from __future__ import annotations

import asyncio
from typing import Any

from lsp.inside import Inside
from lsp.wire import NOTHING, VSCODE, change, notification, opened, replace
from pipesense.engine.workspace import Workspace
from support.memory import workspace

NAME = "file:///project/long.sql"
STATEMENTS = 400
TEXT = "".join(
    f"SELECT o.id, o.total_{number}, o.created_at, o.updated_at\nFROM mart.orders_{number} o\nWHERE o.deleted_at = NULL;\n"
    for number in range(STATEMENTS)
)


class Real(Inside):
    """A server with the real engine over files in memory."""

    def _make(self, log: Any) -> Workspace:
        self.made = workspace({})
        return self.made


def counts(server: Inside) -> list[int]:
    return [len(each["params"]["diagnostics"]) for each in server.take("textDocument/publishDiagnostics")]


async def idle(server: Inside) -> None:
    for _ in range(3000):
        await asyncio.sleep(0.01)
        if server.connection.session.core.scheduler.is_idle:
            return
    raise AssertionError("the server goes on working")


def run(scenario: Any) -> None:
    async def whole() -> None:
        server = Real()
        await scenario(server)
        await server.stop()

    asyncio.run(whole())


def test_the_top_is_pushed_first_and_then_everything() -> None:
    async def scenario(server: Inside) -> None:
        await server.start(NOTHING)
        await server.say(opened(TEXT, NAME, "sql"))
        await idle(server)
        found = counts(server)
        assert len(found) == 2
        assert 0 < found[0] < STATEMENTS
        assert found[1] == STATEMENTS

    run(scenario)


def test_an_edit_meanwhile_gets_an_answer_about_the_new_text() -> None:
    async def scenario(server: Inside) -> None:
        await server.start(NOTHING)
        await server.say(opened(TEXT, NAME, "sql"))
        await server.turns(2)
        broken = TEXT.index("= NULL")
        line = TEXT.count("\n", 0, broken)
        column = broken - TEXT.rindex("\n", 0, broken) - 1
        place = replace((line, column), (line, column + len("= NULL")), "IS NULL")
        await server.say(notification("textDocument/didChange", change(NAME, 2, place)))
        await idle(server)
        assert counts(server)[-1] == STATEMENTS - 1

    run(scenario)


def test_who_pulls_gets_everything_at_once() -> None:
    async def scenario(server: Inside) -> None:
        await server.start(VSCODE)
        await server.say(opened(TEXT, NAME, "sql"))
        answer = await server.ask("textDocument/diagnostic", {"textDocument": {"uri": NAME}})
        assert len(answer["result"]["items"]) == STATEMENTS
        await idle(server)

    run(scenario)
