"""The example DAGs that Airflow ships: no crash, and no error or warning but two that are right."""

from __future__ import annotations

import json
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

pytestmark = pytest.mark.framework

RIGHT = {
    ("example_retry_policy.py", "reliability/no-timeout"),
    ("tutorial_objectstorage.py", "reliability/no-timeout"),
}
"""Both call ``requests.get`` without ``timeout``, which waits for ever:
https://requests.readthedocs.io/en/latest/user/quickstart/#timeouts (requests 2.32)."""


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
    wanted = RIGHT if package == "airflow" else set()
    assert sorted((Path(each["path"]).name, each["rule"]) for each in loud) == sorted(wanted)
    assert ran.returncode == int(bool(wanted))
