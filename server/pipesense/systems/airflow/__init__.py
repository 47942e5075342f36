"""Apache Airflow: DAG files of Airflow 2 and 3, in Python, and in YAML for those who make DAGs of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from pipesense.lang.python.module import Module
from pipesense.model.change import Change, Refusal, Replace
from pipesense.model.value import Version
from pipesense.systems.airflow.version import VERSION_FILES, version_in_use
from pipesense.systems.system import DocumentSystem, Embed, Lifted, PythonSystem

if TYPE_CHECKING:
    from pipesense.lang.documents.file import DocumentFile


def _version(module: Module, files: Mapping[str, str], configured: str | None) -> Version:
    return version_in_use(module, files, configured)


def _lift(module: Module, version: Version, embed: Embed) -> Lifted:
    from pipesense.systems.airflow.lift import lift

    return lift(module, version, embed)


def _write(change: Change, module: Module, version: Version) -> tuple[Replace, ...] | Refusal:
    from pipesense.systems.airflow.write import write

    return write(change, module, version)


SYSTEM: Final = PythonSystem(
    name="airflow",
    marks=("airflow", "DAG("),
    version_files=VERSION_FILES,
    version=_version,
    lift=_lift,
    write=_write,
)


def claims(path: str, text: str) -> bool:
    """Whether a file holds DAGs in YAML, or the defaults of such files."""
    if path.endswith(("/defaults.yml", "/defaults.yaml")):
        return "default_args" in text
    if path.endswith("/METADATA.yml"):
        return True
    if path.endswith(".yml") and "operator" in text and "\noperator:" in f"\n{text}":
        return True
    return path.endswith((".yml", ".yaml")) and "tasks:" in text and ("operator:" in text or "decorator:" in text)


def _lift_document(file: DocumentFile) -> Lifted:
    from pipesense.systems.airflow.yaml_dags import lift

    return lift(file)


def _lift_gusty(module: Module, version: Version, embed: Embed) -> Lifted:
    from pipesense.systems.airflow.gusty_code import lift

    return lift(module)


def _write_gusty(change: Change, module: Module, version: Version) -> tuple[Replace, ...] | Refusal:
    return Refusal("Set it in the METADATA.yml of the DAG's folder.")


GUSTY: Final = PythonSystem("gusty", ("gusty", "# ---"), (), lambda *_: Version(), _lift_gusty, _write_gusty)
"""gusty's tasks in Python files, and the code that makes DAGs of folders."""


def _write_document(change: Change, file: DocumentFile) -> tuple[Replace, ...] | Refusal:
    from pipesense.systems.airflow.yaml_write import write

    return write(change, file)


DOCUMENTS: Final = DocumentSystem("airflow", claims, _lift_document, _write_document)
