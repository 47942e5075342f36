"""PyFlink: the SQL in strings that its table environments and statement sets run, and the jobs around them.

https://nightlies.apache.org/flink/flink-docs-release-2.0/api/python/reference/pyflink.table/table_environment.html
"""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from pipesense.lang.python.module import Module
from pipesense.model.change import Change, Refusal, Replace
from pipesense.model.value import Evidence, Unknown, Version
from pipesense.model.where import Loc
from pipesense.systems.pinned import FILES, package_versions
from pipesense.systems.system import Embed, Lifted, PythonSystem
from pipesense.text.regex import regex
from pipesense.text.span import Span

if TYPE_CHECKING:
    from pipesense.model.stream_job import StreamJob

_METHODS: Final = frozenset({"execute_sql", "sql_query", "explain_sql", "add_insert_sql", "sql_update"})
_PACKAGE: Final = "apache-flink"
_IMAGE: Final = regex(r"^FROM\s+(?:--\S+\s+)?(?:[\w.:/-]+/)?flink:v?(\d+(?:\.\d+)*)", re.M | re.I)
"""Flink's own images: https://hub.docker.com/_/flink and apache/flink."""
_CONNECTION: Final = Unknown("a table environment of Flink")


def _version(module: Module, files: Mapping[str, str], configured: str | None) -> Version:
    if configured is not None and (number := re.findall(r"\d+", configured)):
        return Version(tuple(map(int, number)), Evidence.PINNED, "the configuration")
    found = package_versions(files, (_PACKAGE,))
    if found:
        return found[0][1]
    image = _IMAGE.search(files.get("Dockerfile", ""))
    if image is not None:
        return Version(tuple(map(int, image[1].split("."))), Evidence.PINNED, "the image in Dockerfile")
    return Version()


def _lift(module: Module, version: Version, embed: Embed) -> Lifted:
    """The scripts in strings. A file that runs in batch mode is left alone: its queries end, and say nothing of it."""
    from pipesense.systems.flink.jobs import job_of

    jobs, obsolete, sites = job_of(module, version)
    if _is_batch(module):
        return Lifted(obsolete=obsolete)
    scripts: list[int] = []
    for site in module.calls():
        func = site.node.func
        if not isinstance(func, ast.Attribute) or func.attr not in _METHODS or not site.node.args:
            continue
        number = embed(site.node.args[0], "flink", "PyFlink", _CONNECTION)
        if number is not None:
            scripts.append(number)
    from pipesense.model.stream_job import StreamJob
    from pipesense.systems.flink.catalogue import undeclared

    jobs = tuple(_with_sql(job, scripts) if isinstance(job, StreamJob) else job for job in jobs)
    return Lifted(scripts=tuple(scripts), facts=(*jobs, *undeclared(module)), obsolete=obsolete, sites=tuple(sites))


def _with_sql(job: StreamJob, scripts: list[int]) -> StreamJob:
    return replace(job, sql=tuple(Loc(job.loc.file, number, Span(0, 0)) for number in dict.fromkeys(scripts)))


def _write(change: Change, module: Module, version: Version) -> tuple[Replace, ...] | Refusal:
    from pipesense.systems.flink.obsolete import write

    return write(change, module)


def _is_batch(module: Module) -> bool:
    for site in module.calls():
        if site.callee.rpartition(".")[2] == "in_batch_mode":
            return True
        for given in (*site.node.args, *(word.value for word in site.node.keywords)):
            if isinstance(given, ast.Attribute) and given.attr == "BATCH":
                return True
            if isinstance(given, ast.Constant) and isinstance(given.value, str) and given.value.lower() == "batch":
                return True
    return False


SYSTEM: Final = PythonSystem("flink", ("pyflink",), FILES, _version, _lift, _write)
