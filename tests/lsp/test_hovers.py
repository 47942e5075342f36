"""Hovers in Markdown, and in plain text for clients that show nothing else."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from lsp.inside import Inside
from lsp.wire import EGLOT, NOTHING, VSCODE, opened, span
from pipesense.lsp.hovers import plain_text

NAME = "file:///w/a.py"


@pytest.mark.parametrize(
    ("markdown", "plain"),
    [
        ("# Title", "TITLE"),
        ("### Part\ntext", "Part:\ntext"),
        ("**Retries** are *good* and __so__ are _checks_.", "Retries are good and so are checks."),
        ("`retry_delay` and `` a`b ``", "retry_delay and a`b"),
        ("snake_case_name stays, 2 * 3 * 4 too", "snake_case_name stays, 2 * 3 * 4 too"),
        ("`*args` and `__init__`", "*args and __init__"),
        ("see [the docs](https://example.org/x) and [here](#a)", "see the docs (https://example.org/x) and here"),
        ("```python\nretries = 3  # **no** bold\n\nx\n```\nafter", "    retries = 3  # **no** bold\n\n    x\nafter"),
        ("````md\n```sql\nselect 1\n```\n````", "    ```sql\n    select 1\n    ```"),
        ("- one\n- two", "- one\n- two"),
        ("above\n\n---\n\nbelow", "above\n\nbelow"),
        ("a \\* b \\_c\\_", "a * b _c_"),
        ("before<!-- hidden\nlines -->after", "beforeafter"),
        ("", ""),
    ],
)
def test_plain_text(markdown: str, plain: str) -> None:
    assert plain_text(markdown) == plain


@pytest.mark.parametrize(("profile", "kind"), [(VSCODE, "markdown"), (EGLOT, "plaintext"), (NOTHING, "plaintext")])
def test_the_form_that_the_client_shows(profile: dict[str, Any], kind: str) -> None:
    async def scenario() -> None:
        server = Inside()
        await server.start(profile)
        await server.say(opened("x = '😀' # bad", NAME))
        place = {"textDocument": {"uri": NAME}, "position": {"line": 0, "character": 12}}
        hover = (await server.ask("textDocument/hover", place))["result"]
        assert hover["contents"]["kind"] == kind
        assert ("**" in hover["contents"]["value"]) is (kind == "markdown")
        column = 10 if profile is EGLOT else 11
        assert hover["range"] == span((0, column), (0, column + 3))
        other = {"textDocument": {"uri": "file:///w/unknown.py"}, "position": {"line": 0, "character": 0}}
        assert (await server.ask("textDocument/hover", other))["result"] is None
        await server.stop()

    asyncio.run(scenario())
