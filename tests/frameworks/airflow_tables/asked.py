"""One installed Airflow that can be asked, and its answers kept for the run."""

from __future__ import annotations

import hashlib
import json
import os
import pathlib
import subprocess
import tempfile
from functools import cached_property
from typing import Any

PROBE = pathlib.Path(__file__).with_name("probe.py")


class Airflow:
    """An interpreter with an Airflow in it. `answers` is a folder where answers outlive the run, for development."""

    def __init__(self, python: pathlib.Path, answers: pathlib.Path | None) -> None:
        self.python = python.absolute()
        self.answers = answers

    def ask(self, task: str, environment: dict[str, str] | None = None, **question: Any) -> Any:
        wanted = json.dumps(question, sort_keys=True)
        said = "\n".join([str(self.python), task, wanted, json.dumps(environment), PROBE.read_text("utf-8")])
        kept = self.answers / f"{hashlib.sha256(said.encode()).hexdigest()}.json" if self.answers else None
        if kept and kept.exists():
            return json.loads(kept.read_text("utf-8"))
        answer = self._run(task, wanted, environment or {})
        if kept:
            kept.parent.mkdir(parents=True, exist_ok=True)
            kept.write_text(json.dumps(answer), "utf-8")
        return answer

    def _run(self, task: str, wanted: str, environment: dict[str, str]) -> Any:
        with tempfile.TemporaryDirectory() as folder:
            home = pathlib.Path(folder)
            (home / "question.json").write_text(wanted, "utf-8")
            command = [str(self.python), str(PROBE), task, str(home / "question.json"), str(home / "answer.json")]
            settings = {"AIRFLOW_HOME": str(home / "home"), "AIRFLOW__CORE__LOAD_EXAMPLES": "False"}
            kept = {k: v for k, v in os.environ.items() if not k.startswith(("AIRFLOW", "PYTHONPATH"))}
            run = subprocess.run(command, env={**kept, **settings, **environment}, capture_output=True, text=True)
            if not (home / "answer.json").exists():
                raise SystemExit(f"{self.python} could not answer {task}:\n{run.stderr[-3000:]}")
            return json.loads((home / "answer.json").read_text("utf-8"))

    @cached_property
    def distributions(self) -> dict[str, dict[str, str]]:
        found: dict[str, dict[str, str]] = self.ask("distributions")
        return dict(sorted(found.items()))

    @cached_property
    def version(self) -> str:
        return self.distributions.get("apache-airflow-core", self.distributions.get("apache-airflow", {}))["version"]

    @property
    def line(self) -> str:
        """The release line: "3.2" for 3.2.2."""
        return ".".join(self.version.split(".")[:2])

    @property
    def is_two(self) -> bool:
        return self.version.startswith("2.")

    def distribution_of(self, module: str) -> tuple[str, str] | None:
        """Name and version of the provider distribution that owns a module; None for Airflow's own."""
        for name, entry in self.distributions.items():
            if entry["prefix"] != "airflow" and (module + ".").startswith(entry["prefix"] + "."):
                return name, entry["version"]
        return None


def spelled(dotted: str) -> str:
    """``airflow.models.DAG`` as the probe wants it: ``airflow.models:DAG``."""
    module, _, name = dotted.rpartition(".")
    return f"{module}:{name}"
