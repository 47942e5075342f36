"""What a hover says at a request: what ends it, what repeats it, who looks at the answer."""

from __future__ import annotations

import pytest

from support.memory import ROOT, settle, workspace


def hovered(marked: str) -> str:
    made = workspace({"jobs/x.py": marked.replace("|", "", 1)})
    settle(made)
    found = made.hover(f"{ROOT}/jobs/x.py", marked.index("|"))
    return found.markdown if found is not None else ""


@pytest.mark.parametrize(
    ("code", "said"),
    [
        (
            "import requests\n\ndef f(u):\n    r = requests.g|et(u, timeout=30)\n    r.raise_for_status()\n    return r.json()\n",
            ["Limit: 30.", "nothing repeats it", "the status is looked at"],
        ),
        ("import requests\n\ndef f(u):\n    return requests.g|et(u).text\n", ["it waits for ever", "nobody looks at the status"]),
        ("import httpx\n\ndef f(u):\n    return httpx.g|et(u).json()\n", ["the limit of httpx"]),
        (
            "import requests\nfrom tenacity import retry\n\n@retry()\ndef f(u):\n    return requests.g|et(u, timeout=9).json()\n",
            ["Repeated: @retry"],
        ),
    ],
)  # fmt: skip
def test_a_request_tells_its_limits(code: str, said: list[str]) -> None:
    found = hovered(code)
    assert "Extraction over HTTP" in found
    for words in said:
        assert words in found


def test_what_is_no_request_says_nothing() -> None:
    assert "Limit:" not in hovered("def f(d):\n    return d.g|et('requests')\n")
