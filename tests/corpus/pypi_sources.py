"""Public PyPI sources to measure on: downloaded through pip, kept in the user's cache, never committed."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

READ = (".py", ".sql", ".yml", ".yaml", ".json", ".toml", ".cfg")


class Unreachable(RuntimeError):
    """A source could not be had: no network, or the registry does not know it."""


@dataclass(frozen=True, slots=True)
class PyPISource:
    """One pinned release and the folders of it that hold pipelines.

    ``wheel`` is taken where the wheel carries those folders: it needs no build step.  ``large`` sources
    (hundreds of megabytes) are fetched only on request.
    """

    package: str
    version: str
    inside: tuple[str, ...]
    wheel: bool = False
    large: bool = False

    @property
    def folder(self) -> str:
        """The owner+name form of a checkout, so that both kinds of project read alike in a report."""
        return f"pypi+{self.package}-{self.version}"


def _provider(name: str, version: str) -> PyPISource:
    return PyPISource(f"apache-airflow-providers-{name}", version, ("tests/system/",))


SOURCES: tuple[PyPISource, ...] = (
    PyPISource("apache-airflow", "2.10.5", ("airflow/example_dags/",), wheel=True),
    PyPISource("apache-airflow-core", "3.3.2", ("airflow/example_dags/",), wheel=True),
    PyPISource("apache-airflow-providers-standard", "1.21.0", ("example_dags/",), wheel=True),
    _provider("common-sql", "2.4.0"),
    _provider("apache-spark", "6.3.4"),
    _provider("apache-kafka", "2.1.0"),
    _provider("amazon", "9.39.0"),
    _provider("databricks", "7.23.0"),
    _provider("dbt-cloud", "4.11.1"),
    _provider("google", "22.8.0"),
    _provider("snowflake", "6.20.0"),
    PyPISource("sqlglot", "27.0.0", ("tests/fixtures/optimizer/tpc-h/", "tests/fixtures/optimizer/tpc-ds/")),
    PyPISource("catalystcoop.pudl", "2024.2.6", ("src/pudl/", "pudl/"), wheel=True),
    PyPISource("edx-event-bus-kafka", "6.1.0", ("edx_event_bus_kafka/",), wheel=True),
    PyPISource("great-expectations", "1.24.1", ("tests/integration/",)),
    PyPISource("pyspark", "4.3.0", ("deps/examples/",), large=True),
    PyPISource("apache-flink", "2.3.0", ("pyflink/examples/",), large=True),
)


def source(package: str) -> PyPISource:
    """The pinned source of that package.  Raises StopIteration when the list has none."""
    return next(s for s in SOURCES if s.package == package)


def user_cache() -> Path:
    """This tool's folder in the platform's cache place (XDG on Linux, Library/Caches, LOCALAPPDATA)."""
    if sys.platform == "win32":
        base = Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local")
    elif sys.platform == "darwin":
        base = Path.home() / "Library" / "Caches"
    else:
        base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return base / "pipesense-measuring"


def fetch(wanted: PyPISource, cache: Path, timeout: float = 300) -> Path:
    """The folder holding that source, downloaded unless it is there already.  Raises Unreachable."""
    target = cache / wanted.folder
    if target.is_dir():
        return target
    cache.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=cache, prefix="fetching-") as work:
        archive = _download(wanted, Path(work), timeout)
        unpacked = Path(work) / "unpacked"
        if not _unpack(archive, unpacked, wanted.inside):
            raise Unreachable(f"{wanted.folder}: {archive.name} holds none of {', '.join(wanted.inside)}")
        # A rename, so that an interrupted download is never taken for a whole one.
        shutil.move(unpacked, target)
    return target


def _download(wanted: PyPISource, into: Path, timeout: float) -> Path:
    kind = "--only-binary" if wanted.wheel else "--no-binary"
    command = [*_pip(wanted), "download", "--quiet", "--disable-pip-version-check", "--no-deps"]
    command += [kind, ":all:", "--dest", str(into), f"{wanted.package}=={wanted.version}"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=timeout, check=False)
    except subprocess.TimeoutExpired:
        raise Unreachable(f"{wanted.folder}: pip took longer than {timeout:.0f} s") from None
    archives = [f for f in into.iterdir() if f.suffix in (".whl", ".gz", ".zip")]
    if done.returncode or not archives:
        last = done.stderr.strip().splitlines()[-1:] or ["pip gave no reason"]
        raise Unreachable(f"{wanted.folder}: {last[0]}")
    return archives[0]


def _pip(wanted: PyPISource) -> list[str]:
    """pip of this environment, or the system's: an environment made by uv has none."""
    if importlib.util.find_spec("pip"):
        return [sys.executable, "-m", "pip"]
    if found := shutil.which("pip3") or shutil.which("pip"):
        return [found]
    raise Unreachable(f"{wanted.folder}: there is no pip to download it with")


def _unpack(archive: Path, into: Path, inside: tuple[str, ...]) -> int:
    count = 0
    for name, data in _members(archive):
        path = PurePosixPath(name)
        if path.is_absolute() or ".." in path.parts or path.suffix not in READ:
            continue
        if not any(f"/{folder}" in f"/{name}" for folder in inside):
            continue
        file = into / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(data)
        count += 1
    return count


def _members(archive: Path) -> Iterator[tuple[str, bytes]]:
    """(path, content) of each regular file; an sdist's own top folder is left out of the path."""
    if archive.suffix == ".gz":
        with tarfile.open(archive) as tar:
            for member in tar:
                stream = tar.extractfile(member) if member.isfile() else None
                if stream is not None:
                    yield member.name.partition("/")[2], stream.read()
        return
    with zipfile.ZipFile(archive) as wheel:
        for info in wheel.infolist():
            if not info.is_dir():
                yield info.filename, wheel.read(info)
