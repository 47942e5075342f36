"""Which Airflow a file runs on, and how that is known."""

from __future__ import annotations

import pytest

from pipesense.model.value import Evidence
from pipesense.systems.airflow import SYSTEM, version
from systems.lifting import Workspace

PLAIN = "from airflow import DAG\n"
PINNED, INFERRED, UNKNOWN = Evidence.PINNED, Evidence.INFERRED, Evidence.UNKNOWN


@pytest.mark.parametrize(
    ("file", "text", "number", "evidence", "source"),
    [
        ("requirements.txt", "pandas\napache-airflow==2.9.1\n", (2, 9, 1), PINNED, "requirements.txt, line 2"),
        (
            "requirements.txt",
            "apache-airflow[postgres,celery]==2.10.5 ; python_version > '3'",
            (2, 10, 5),
            PINNED,
            None,
        ),
        ("requirements.txt", "apache-airflow-core==3.1.0\n", (3, 1, 0), PINNED, None),
        ("requirements.txt", "apache-airflow-providers-postgres==5.14.0\n", (), UNKNOWN, ""),
        ("requirements.txt", "apache-airflow>=3.0\n", (), UNKNOWN, ""),
        ("requirements_local.txt", "apache-airflow==2.9.1\n", (2, 9, 1), PINNED, "requirements_local.txt, line 1"),
        ("requirements-airflow.txt", "apache-airflow==2.9.1\n", (2, 9, 1), PINNED, None),
        ("requirements.txt", "# apache-airflow==2.9.1\n", (), UNKNOWN, ""),
        (
            "requirements.txt",
            "--constraint https://raw.githubusercontent.com/apache/airflow/constraints-2.8.4/constraints-3.11.txt\n",
            (2, 8, 4),
            PINNED,
            None,
        ),
        ("pyproject.toml", '[project]\ndependencies = ["apache-airflow==2.9.3"]\n', (2, 9, 3), PINNED, None),
        ("pyproject.toml", '[project]\ndependencies = [\n  "apache-airflow>=3.0,<4",\n]\n', (3, 0), INFERRED, None),
        ("pyproject.toml", '[tool.poetry.dependencies]\napache-airflow = "^2.7.0"\n', (2, 7), INFERRED, None),
        ("uv.lock", '[[package]]\nname = "apache-airflow"\nversion = "3.0.2"\n', (3, 0, 2), PINNED, "uv.lock, line 3"),
        ("poetry.lock", '[[package]]\nname = "apache-airflow"\nversion = "2.10.2"\n', (2, 10, 2), PINNED, None),
        ("Pipfile.lock", '"apache-airflow": {"hashes": ["x"], "version": "==2.9.1"}', (2, 9, 1), PINNED, None),
        ("Dockerfile", "FROM apache/airflow:2.10.5-python3.12\n", (2, 10, 5), PINNED, "Dockerfile, line 1"),
        ("Dockerfile", "FROM apache/airflow:slim-3.0.1\n", (3, 0, 1), PINNED, None),
        ("Dockerfile", "ARG AIRFLOW=2.7.3\nFROM apache/airflow:${AIRFLOW}\n", (2, 7, 3), PINNED, None),
        ("Dockerfile", "FROM astrocrpublic.azurecr.io/runtime:3.2-3\n", (3, 2), PINNED, None),
        ("Dockerfile", "FROM quay.io/astronomer/astro-runtime:12.7.0\n", (2,), PINNED, None),
        ("Dockerfile", "# FROM apache/airflow:2.10.5\nFROM python:3.12\n", (), UNKNOWN, ""),
        (
            "Dockerfile",
            'FROM python:3.11\nARG AIRFLOW_VERSION="2.8.4"\nRUN pip install "apache-airflow[celery]==${AIRFLOW_VERSION}"\n',
            (2, 8, 4),
            PINNED,
            "Dockerfile, line 2",
        ),
        (
            "Dockerfile",
            "ENV V=2.9.3\nRUN pip install -c https://x.org/constraints-$V/constraints-3.11.txt apache-airflow\n",
            (2, 9, 3),
            PINNED,
            None,
        ),
        ("Dockerfile", "RUN pip install apache-airflow==${AIRFLOW_VERSION}\n", (), UNKNOWN, ""),
        ("airflow/docker-compose.yaml", "    image: apache/airflow:2.9.1\n", (2, 9, 1), PINNED, None),
        ("compose.yaml", "x-airflow:\n  image: apache/airflow:slim-3.1.0-python3.12\n", (3, 1, 0), PINNED, None),
        (
            "meltano.yml",
            "  - name: airflow\n    pip_url: psycopg2 git+https://x.org/e.git apache-airflow==2.9.2 --constraint https://y\n",
            (2, 9, 2),
            PINNED,
            "meltano.yml, line 2",
        ),
        (".env", "AIRFLOW_IMAGE_NAME=apache/airflow:2.10.4\n", (2, 10, 4), PINNED, None),
        ("requirements-airflow-local.txt", "apache-airflow==2.9.1\n", (2, 9, 1), PINNED, None),
        ("docker-compose.yml", "image: ${IMAGE:-apache/airflow:2.10.2}\n", (2, 10, 2), PINNED, None),
    ],
)
def test_project_files(file: str, text: str, number: tuple[int, ...], evidence: Evidence, source: str | None) -> None:
    module = Workspace({"dags/example.py": PLAIN}).module("dags/example.py")
    found = SYSTEM.version(module, {file: text}, None)
    assert (found.number, found.evidence) == (number, evidence)
    assert source is None or found.source == source


def test_a_lock_file_is_read_once_for_all_files_of_its_project() -> None:
    files = {
        "poetry.lock": '[[package]]\nname = "apache-airflow"\nversion = "2.10.2"\n',
        "requirements_local.txt": "x\n",
    }
    module = Workspace({"dags/example.py": PLAIN}).module("dags/example.py")
    first = SYSTEM.version(module, files, None)
    misses = version._said.cache_info().misses
    other = Workspace({"dags/other.py": PLAIN}).module("dags/other.py")
    assert SYSTEM.version(other, dict(files), None) == first
    assert version._said.cache_info().misses == misses


@pytest.mark.parametrize(
    ("text", "number", "source"),
    [
        ("from airflow.sdk import DAG\n", (3, 0), "it imports airflow.sdk"),
        ("from airflow import DAG\nDAG('x', schedule_interval=None)\n", (2,), "it uses schedule_interval"),
        ("from airflow.operators.dummy import DummyOperator\n", (2,), "it imports airflow.operators.dummy"),
        ("from airflow.sdk import DAG\nDAG('x', schedule_interval=None)\n", (3, 0), "it imports airflow.sdk"),
        (PLAIN, (), ""),
    ],
)
def test_code(text: str, number: tuple[int, ...], source: str) -> None:
    module = Workspace({"dags/example.py": text}).module("dags/example.py")
    found = SYSTEM.version(module, {}, None)
    assert (found.number, found.source) == (number, source)
    assert found.evidence is (INFERRED if number else UNKNOWN)


def test_configuration_wins_and_providers_are_kept() -> None:
    module = Workspace({"dags/example.py": PLAIN}).module("dags/example.py")
    files = {"requirements.txt": "apache-airflow==2.9.1\napache-airflow-providers-postgres==5.14.0\n"}
    found = SYSTEM.version(module, files, "3.1")
    assert (found.number, found.evidence, found.source) == ((3, 1), PINNED, "the configuration")
    ((name, provider),) = found.beside
    assert (name, provider.number) == ("apache-airflow-providers-postgres", (5, 14, 0))
