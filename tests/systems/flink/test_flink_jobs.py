"""Jobs of PyFlink: what is read of their recovery, sources, windows and state (``jobs.md``)."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipesense.lang.python.module import LinkMemo
from pipesense.model.code import ObsoleteUse
from pipesense.model.stream_job import StreamJob
from pipesense.model.value import Absent, Known
from pipesense.systems.flink.python import SYSTEM
from systems.lifting import Case, Workspace, cases

CASES = cases(Path(__file__).with_name("jobs.md"))


def told(case: Case) -> str:
    workspace = Workspace(case.files, LinkMemo())
    module = workspace.module(case.lifted)
    project = {name: text for name, text in case.files.items() if not name.endswith(".py")}
    found = SYSTEM.lift(module, SYSTEM.version(module, project, None), lambda *_: None)
    lines: list[str] = []
    for job in found.facts:
        if isinstance(job, StreamJob):
            lines.append(f"job in line {workspace.line(case.lifted, job.loc)}")
            lines.append(f"  endless: {job.endless_what or 'nothing that is known'}")
            lines.append(f"  checkpoints: {_said(job)}")
            if job.event_time_window is not None:
                lines.append(f"  window: {job.window_text}, watermarks {'given' if job.watermarked else 'not seen'}")
            if job.no_watermarks is not None:
                lines.append(f"  no watermarks in line {workspace.line(case.lifted, job.no_watermarks)}")
            lines += [f"  state {each.kind}: {'let go' if each.cleared else 'kept'}" for each in job.states]
            lines += [f"  {each.method}() of {each.table} keeps its results" for each in job.groups]
    for use in found.obsolete:
        assert isinstance(use, ObsoleteUse)
        lines.append(f"gone since {'.'.join(map(str, use.since))}: {use.what}, on {use.target}")
    return "".join(f"{line}\n" for line in lines)


def _said(job: StreamJob) -> str:
    if isinstance(job.checkpointing, Known):
        return "yes"
    return "none" if isinstance(job.checkpointing, Absent) else f"unknown, {job.checkpointing.why}"


@pytest.mark.parametrize("case", CASES, ids=[case.title for case in CASES])
def test_jobs(case: Case) -> None:
    assert told(case) == case.expected["facts"]


def test_there_are_enough_forms() -> None:
    assert len(CASES) >= 12


@pytest.mark.parametrize(
    ("image", "number"),
    [
        ("FROM flink:1.18.1-scala_2.12-java11\n", (1, 18, 1)),
        ("# the job\nFROM --platform=linux/amd64 apache/flink:2.0 AS job\n", (2, 0)),
        ("FROM registry.example.com:5000/apache/flink:1.20.1\n", (1, 20, 1)),
        ("FROM python:3.11\n", ()),
        ("FROM flink-tools:1.2\n", ()),
    ],
)
def test_an_image_of_flink_says_its_version(image: str, number: tuple[int, ...]) -> None:
    module = Workspace({"jobs/job.py": "import pyflink\n"}, LinkMemo()).module("jobs/job.py")
    assert SYSTEM.version(module, {"Dockerfile": image}, None).number == number
    asked = {"Dockerfile": image, "requirements.txt": "apache-flink==1.19.0\n"}
    assert SYSTEM.version(module, asked, None).number == (1, 19, 0)
