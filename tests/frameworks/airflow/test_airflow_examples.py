"""The example DAGs that Airflow ships: no crash, and no error or warning but a few that are right."""

from __future__ import annotations

import json
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

pytestmark = pytest.mark.framework

RIGHT = {
    "airflow": [
        ("example_params_ui_tutorial.py", "idempotency/runtime-varying-arg"),
        ("example_retry_policy.py", "reliability/no-timeout"),
        ("tutorial_objectstorage.py", "reliability/no-timeout"),
    ],
    "airflow.providers.standard": [("example_sensors.py", "idempotency/runtime-varying-arg")] * 4,
}
"""no-timeout: both call ``requests.get`` without ``timeout``, which waits for ever:
https://requests.readthedocs.io/en/latest/user/quickstart/#timeouts (requests 2.32).
runtime-varying-arg: arguments made of ``datetime.now()`` and ``date.today()`` when the file is parsed differ at every
parse, and Airflow 3 makes a new version of the DAG of every difference."""


@pytest.mark.parametrize("package", ["airflow", "airflow.providers.standard"])
def test_example_dags_are_quiet(package: str, tmp_path: Path) -> None:
    spec = find_spec(package)
    assert spec is not None
    (folder,) = (
        Path(place, "example_dags")
        for place in spec.submodule_search_locations or ()
        if Path(place, "example_dags").is_dir()
    )
    copy = tmp_path / "example_dags"
    for source in folder.rglob("*"):
        if source.is_file() and source.suffix in (".py", ".sql"):
            target = copy / source.relative_to(folder)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(source.read_bytes())
    (tmp_path / "requirements.txt").write_text("apache-airflow-core==3.3.2\n")
    ran = subprocess.run(
        [sys.executable, "-m", "pipesense", "check", "example_dags", "--format", "json"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    report = json.loads(ran.stdout)
    assert report["failures"] == []
    assert report["summary"]["files"] > 15
    loud = [each for each in report["findings"] if each["severity"] in ("error", "warning")]
    assert sorted((Path(each["path"]).name, each["rule"]) for each in loud) == RIGHT[package]
    assert ran.returncode == 1
