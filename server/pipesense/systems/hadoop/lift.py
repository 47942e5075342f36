"""Lifts jobs of mrjob and what clients of HDFS read and write; read off mrjob 0.7.4, hdfs 2.7.3 and pyarrow.

mrjob runs the file itself on every node: https://mrjob.readthedocs.io/en/latest/guides/writing-mrjobs.html
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import Final

from pipesense.lang.python.edit import add_after
from pipesense.lang.python.instances import Instances
from pipesense.lang.python.module import Module
from pipesense.lang.python.nodes import nodes_under
from pipesense.model.code import PatternSite, ScopeCode, UnrunJob
from pipesense.model.data import Access, AccessMode, DatasetName, Guard
from pipesense.model.flow import Effect
from pipesense.model.value import Absent, Known, Unknown, Value
from pipesense.model.where import Loc
from pipesense.systems.brokers.lift import scope_name
from pipesense.systems.rerun import rerun_site
from pipesense.systems.system import Lifted
from pipesense.text.span import Span

_JOBS: Final = frozenset({"mrjob.job.MRJob", "mrjob.MRJob"})
_CLIENTS: Final = frozenset(
    {
        *("hdfs.InsecureClient()", "hdfs.Client()", "hdfs.TokenClient()", "hdfs.client.InsecureClient()"),
        *("hdfs.client.Client()", "hdfs.client.TokenClient()", "hdfs.ext.kerberos.KerberosClient()"),
        *("pyarrow.fs.HadoopFileSystem()", "pyarrow.hdfs.connect()"),
    }
)
_WRITES: Final = frozenset({"write", "upload", "open_output_stream", "open_append_stream", "makedirs"})
_READS: Final = frozenset({"read", "download", "open_input_stream", "open_input_file", "list", "walk", "content"})


@dataclass(frozen=True, slots=True)
class _Look:
    jobs: tuple[tuple[Loc, str], ...]
    runs: bool
    code: tuple[ScopeCode, ...]
    sites: tuple[PatternSite, ...]


def lift(module: Module) -> Lifted:
    """What a file says to Hadoop."""
    looks = module.memo_each("hadoop", module.body, partial(_look, module))
    jobs = [job for look in looks for job in look.jobs]
    unrun: tuple[UnrunJob, ...] = ()
    if jobs and not any(look.runs for look in looks):
        loc, name = jobs[-1]
        remedy = f'Call {name}.run() under if __name__ == "__main__"'
        why = "Hadoop starts this very file for every mapper and reducer, and it then does nothing"
        text = f'\n\nif __name__ == "__main__":\n    {name}.run()'
        edits = add_after(module, module.body[-1], text)
        unrun = (UnrunJob("hadoop", loc, name, why, remedy, edits=edits),)
    return Lifted(
        facts=unrun,
        sites=tuple(site for look in looks for site in look.sites),
        code=tuple(code for look in looks for code in look.code),
    )


def _look(module: Module, statement: ast.stmt) -> _Look:
    instances = Instances(module)
    jobs, sites = [], []
    runs = False
    for node in nodes_under(statement):
        if isinstance(node, ast.ClassDef) and _JOBS & {name for base in node.bases for name in module.qualified(base)}:
            loc = module.loc(node.bases[0])
            jobs.append((loc, node.name))
            note = (
                "This class is a MapReduce job: its steps hand pairs of key and value on, sorted by key in between. "
                "Hadoop refuses to write into a folder that exists, so a rerun needs a new one or an emptied one."
            )
            sites.append(PatternSite("replay", loc, note))
        runs = runs or (isinstance(node, ast.Attribute) and node.attr == "run")
    code: dict[str, list[Access]] = {}
    for site in module.calls_under(statement):
        if not _touches(instances, site.node):
            continue
        found = _access(module, site.node)
        if found is not None:
            code.setdefault(scope_name(module, site.node), []).append(found)
        told = _rerun(module, site.node)
        if told is not None:
            sites.append(told)
    scopes = tuple(ScopeCode(name, tuple(found), frozenset({Effect.NETWORK})) for name, found in code.items())
    return _Look(tuple(jobs), runs, scopes, tuple(sites))


def _touches(instances: Instances, call: ast.Call) -> bool:
    """Whether a call on a client of HDFS reads or writes a path."""
    func = call.func
    if not isinstance(func, ast.Attribute) or func.attr not in _WRITES | _READS or not call.args:
        return False
    return bool(_CLIENTS & set(instances.names(func.value)))


def _access(module: Module, call: ast.Call) -> Access | None:
    path = module.value(call.args[0])
    if not isinstance(path, Known) or not isinstance(path.value, str) or not isinstance(call.func, ast.Attribute):
        return None
    name = DatasetName(tuple(part for part in path.value.lower().split("/") if part) or ("/",), "hdfs")
    mode, guard = _mode(module, call, call.func.attr)
    return Access(name, mode, guard, module.loc(call.args[0]))


def _rerun(module: Module, call: ast.Call) -> PatternSite | None:
    """What a rerun of a write does; folders are made where they are missing, and that is all."""
    if not isinstance(call.func, ast.Attribute) or call.func.attr not in _WRITES - {"makedirs"}:
        return None
    mode, guard = _mode(module, call, call.func.attr)
    computed = not isinstance(module.value(call.args[0]), Known)
    loc = module.loc(call.func)
    name = loc.at(Span(loc.span.end - len(call.func.attr), loc.span.end))
    return rerun_site(name, mode, guard, computed=computed)


def _mode(module: Module, call: ast.Call, method: str) -> tuple[AccessMode, Value[Guard]]:
    if method in _READS:
        return AccessMode.READ, Unknown("nothing is written")
    flags = dict(_flags(module, call))
    if flags.get("append") is True or method == "open_append_stream":
        return AccessMode.APPEND, Absent(Unknown("nothing removes what an earlier run added"))
    if flags.get("overwrite") is True or method == "open_output_stream":
        return AccessMode.OVERWRITE, Known(Guard("overwrite"))
    return AccessMode.CREATE, Known(Guard("an existing file is refused"))


def _flags(module: Module, call: ast.Call) -> Iterator[tuple[str, object]]:
    for word in call.keywords:
        value = module.value(word.value)
        if word.arg is not None and isinstance(value, Known):
            yield word.arg, value.value
