"""Jobs of mrjob and clients of HDFS: what is read of them."""

from __future__ import annotations

import pytest

from pipesense.lang.python.module import LinkMemo
from pipesense.model.code import UnrunJob
from pipesense.model.value import Version
from pipesense.systems.hadoop import SYSTEM
from systems.lifting import Workspace

JOB = "from mrjob.job import MRJob\n\n\nclass Count(MRJob):\n    def mapper(self, _, line):\n        yield line, 1\n"
RUN = '\n\nif __name__ == "__main__":\n    Count.run()\n'
HDFS = 'import hdfs\n\nclient = hdfs.InsecureClient("http://name:9870")\n'


def lifted(source: str) -> tuple[list[str], list[str]]:
    """The jobs that nobody runs, and what is read and written."""
    workspace = Workspace({"dags/job.py": source}, LinkMemo())
    found = SYSTEM.lift(workspace.module("dags/job.py"), Version(), lambda *_: None)
    jobs = [fact.name for fact in found.facts if isinstance(fact, UnrunJob)]
    uses = [f"{code.scope}: {access.mode.value} {access.dataset}" for code in found.code for access in code.accesses]
    return jobs, uses


@pytest.mark.parametrize(
    ("source", "jobs"),
    [
        (JOB, ["Count"]),
        (JOB + RUN, []),
        (JOB.replace("mrjob.job", "shop"), []),
        (JOB + "\n\nclass More(Count):\n    pass\n", ["Count"]),
    ],
)
def test_jobs_that_nobody_runs(source: str, jobs: list[str]) -> None:
    assert lifted(source)[0] == jobs


@pytest.mark.parametrize(
    ("call", "use"),
    [
        ('client.write("/lake/orders.csv", data=rows)', "job: creates lake.orders.csv"),
        ('client.write("/lake/orders.csv", data=rows, overwrite=True)', "job: replaces lake.orders.csv"),
        ('client.write("/lake/orders.csv", data=rows, append=True)', "job: appends to lake.orders.csv"),
        ('client.upload("/lake", "orders.csv")', "job: creates lake"),
        ('with client.read("/lake/orders.csv") as reader:\n    pass', "job: reads lake.orders.csv"),
        ('def load():\n    client.download("/lake/a", "a")', "job.load: reads lake.a"),
        ("client.write(path, data=rows)", None),
        ('other.write("/lake/orders.csv")', None),
    ],
)
def test_files_of_hdfs(call: str, use: str | None) -> None:
    assert lifted(HDFS + call + "\n")[1] == ([use] if use else [])
