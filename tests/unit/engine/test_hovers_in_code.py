"""Every hover that tells of engines, frames and streams, in one realistic file for each system (``hovers.md``)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import pytest

from pipesense.engine.workspace import Workspace
from support.memory import ROOT, settle, workspace

_PAGE = Path(__file__).with_name("hovers.md")
_FILE = re.compile(r"^## (?P<title>.+?)\n+```python\n(?P<text>.*?)^```$", re.M | re.S)
_MARK = re.compile(r"\s*# \^ (?P<name>\w+): (?P<said>.+)")
_PATTERNS = Path(__file__).parents[3] / "rules/pipesense_rules/patterns"


@dataclass(frozen=True)
class Marked:
    """A file without its marks, and where each mark points: an offset, the name there, and the words."""

    text: str
    marks: tuple[tuple[int, str, str], ...]


def files() -> dict[str, Marked]:
    """The files of the page by their titles."""
    return {found["title"]: unmarked(found["text"]) for found in _FILE.finditer(_PAGE.read_text("utf-8"))}


def unmarked(text: str) -> Marked:
    """A file with its marks read and taken out; a mark points into the last line before it that is none."""
    kept: list[str] = []
    marks: list[tuple[int, str, str]] = []
    at = 0
    for line in text.splitlines():
        mark = _MARK.fullmatch(line)
        if mark is None:
            at = sum(map(len, kept))
            kept.append(line + "\n")
            continue
        where = re.search(rf"\b{mark['name']}\b", kept[-1])
        assert where is not None, f"{mark['name']} is not on the line: {kept[-1]}"
        marks.append((at + where.start(), mark["name"], mark["said"]))
    return Marked("".join(kept), tuple(marks))


FILES = files()


@pytest.mark.parametrize("marked", FILES.values(), ids=FILES)
def test_hovers_tell_what_the_page_says(marked: Marked) -> None:
    made = workspace({"jobs/job.py": marked.text})
    settle(made)
    told = {name_at(marked, mark): hover(made, mark[0]) for mark in marked.marks}
    assert told
    missing = {
        name_at(marked, mark): (mark[2], told[name_at(marked, mark)])
        for mark in marked.marks
        if mark[2] not in told[name_at(marked, mark)]
    }
    assert not missing


def name_at(marked: Marked, mark: tuple[int, str, str]) -> str:
    """A mark's name with its line, for failures that can be read."""
    return f"{mark[1]} in line {marked.text.count(chr(10), 0, mark[0]) + 1}, {mark[2][:20]}"


def hover(made: Workspace, offset: int) -> str:
    """What the hover says, on one line."""
    found = made.hover(f"{ROOT}/jobs/job.py", offset)
    return " ".join(found.markdown.split()) if found is not None else ""


TITLES = {
    "backpressure",
    "broadcast-join",
    "caching",
    "columnar-files",
    "cqrs",
    "dead-letter",
    "event-sourcing",
    "exactly-once",
    "kappa-architecture",
    "micro-batch",
    "partition-design",
    "replay",
    "saga",
    "snapshot",
    "watermark",
}


def test_each_pattern_is_reached_from_code() -> None:
    """The pages that belong to these systems; the Lambda architecture takes two files and is in test_hover_streams."""
    every: list[str] = []
    for marked in FILES.values():
        made = workspace({"jobs/job.py": marked.text})
        settle(made)
        every += [hover(made, mark[0]) for mark in marked.marks]
    shown = "\n".join(every)
    titles = {name: (_PATTERNS / f"{name}.md").read_text("utf-8").splitlines()[0].removeprefix("# ") for name in TITLES}
    assert [name for name, title in titles.items() if f"**{title}**" not in shown] == []


def test_an_avro_schema_tells_what_a_default_is_for() -> None:
    text = (
        '{"type": "record", "name": "Order", "fields": [\n'
        '  {"name": "id", "type": "long"},\n  {"name": "note", "type": ["null", "string"], "default": null}\n]}\n'
    )
    made = workspace({"schemas/order.avsc": text})
    settle(made)
    found = made.hover(f"{ROOT}/schemas/order.avsc", text.index('"default"') + 2)
    assert found is not None
    assert "**Schema evolution**" in found.markdown
    assert "Readers with this schema take it for records that were written without the field" in found.markdown
