"""How tasks of a DAG hand data to one another: results that are too large, files that only one machine has."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final

from pipesense.lang.python.functions import Function, own_calls
from pipesense.lang.python.index import FUNCTIONS, CallSite
from pipesense.lang.python.module import Module
from pipesense.model.handover import LargeResult, LocalFile
from pipesense.model.value import Known, known
from pipesense.model.where import Loc
from pipesense.systems.airflow.names import last_part
from pipesense.systems.airflow.things import TaskDraft

_FRAMES: Final = (
    "pandas.DataFrame()",
    "pandas.read_",
    "pandas.concat()",
    "pandas.merge()",
    "polars.DataFrame()",
    "polars.read_",
)
_SAME_FRAME: Final = frozenset(
    {"copy", "head", "dropna", "fillna", "drop_duplicates", "rename", "reset_index", "sort_values", "merge", "assign"}
)
_AS_A_WHOLE: Final = frozenset({"to_dict", "to_json", "to_dicts", "to_csv", "write_json", "to_records", "to_string"})
_FOLDERS: Final = ("/tmp/", "/var/tmp/", "/dev/shm/")
_WRITES: Final = frozenset(
    {
        *("to_csv", "to_parquet", "to_json", "to_pickle", "to_excel", "to_feather", "write_csv", "write_parquet"),
        *("write_json", "write_text", "write_bytes", "savetxt", "urlretrieve", "download_file", "download"),
    }
)
_READS: Final = frozenset(
    {
        *("read_csv", "read_parquet", "read_json", "read_excel", "read_pickle", "read_feather", "read_text"),
        *("read_bytes", "loadtxt", "load_file", "upload_file", "scan_csv", "scan_parquet", "copy_expert"),
    }
)
_DEEPEST: Final = 4


_Large = tuple[Loc, str, str]
"""Where a whole table is returned, what is written there, and what it is in words."""


@dataclass(frozen=True, slots=True)
class _Touch:
    path: str
    loc: Loc
    writes: bool


def large_results(draft: TaskDraft, home: Module) -> Iterator[LargeResult]:
    """The returns of a task's function that give a whole table to the metadata database."""
    pushed = draft.argument("do_xcom_push")
    if pushed is not None and known(pushed.constant()) is not True:
        return
    if draft.kind not in ("@task", "PythonOperator"):
        return
    for function in _functions(draft, home):
        found = _handed(home, function)[0]
        if found is not None:
            loc, written, what = found
            yield LargeResult(draft.name, loc, written, what)


def _functions(draft: TaskDraft, home: Module) -> tuple[Function, ...]:
    if draft.function is not None:
        found: tuple[Function, ...] = (draft.function,)
    else:
        given = draft.argument("python_callable")
        found = home.callables(given.value) if given is not None else ()
    return tuple(each for each in found if each.module is home and isinstance(each.node, FUNCTIONS))


def _handed(home: Module, function: Function) -> tuple[_Large | None, tuple[_Touch, ...]]:
    """What a function returns and which files it touches; together, so that a key in it costs one look."""
    look = partial(_look, home, function)
    return home.memo("airflow: handed over", [function.node], look)


def _look(home: Module, function: Function) -> tuple[_Large | None, tuple[_Touch, ...]]:
    return _large(home, function), _in_function(home, function)


def _large(home: Module, function: Function) -> _Large | None:
    for value in home.returned(function.node):
        what = _table(home, value, 0) if value is not None else ""
        if value is not None and what and home.loc(value).file == home.path:
            return home.loc(value), " ".join(home.text_of(value).split()), what
    return None


def _table(home: Module, expr: ast.expr, depth: int) -> str:
    """What a whole table is in words, where an expression surely is one; "" for all else."""
    if depth > _DEEPEST:
        return ""
    func = expr.func if isinstance(expr, ast.Call) else None
    if isinstance(expr, ast.Call) and isinstance(func, ast.Attribute) and func.attr in _AS_A_WHOLE:
        # With a path the table goes to a file.
        stays = func.attr in ("to_dict", "to_dicts", "to_records") or not (expr.args or expr.keywords)
        if _is_frame(home, func.value, depth + 1):
            return "a data frame as a text or dictionary" if stays else ""
    return "a data frame" if _is_frame(home, expr, depth) else ""


def _is_frame(home: Module, expr: ast.expr, depth: int) -> bool:
    if depth > _DEEPEST:
        return False
    if isinstance(expr, ast.Name):
        found = home.bindings_of(expr)
        values = [each.value for each in found if each.kind == "assign" and each.value is not None]
        return bool(values) and len(values) == len(found) and all(_is_frame(home, each, depth + 1) for each in values)
    if isinstance(expr, ast.Call):
        names = home.qualified(expr.func)
        if names:
            return all(_makes_frame(name) for name in names)
        if isinstance(expr.func, ast.Attribute) and expr.func.attr in _SAME_FRAME:
            return _is_frame(home, expr.func.value, depth + 1)
    if isinstance(expr, ast.Subscript):
        return isinstance(expr.slice, ast.List | ast.Compare) and _is_frame(home, expr.value, depth + 1)
    return False


def _makes_frame(name: str) -> bool:
    """Whether calling ``pandas.read_csv().dropna`` gives a data frame."""
    first, *rest = f"{name}()".split("()")[:-1]
    return f"{first}()".startswith(_FRAMES) and all(each[1:] in _SAME_FRAME for each in rest)


# --- files ------------------------------------------------------------------------------------------


def local_files(drafts: Sequence[TaskDraft], names: dict[TaskDraft, str], home: Module) -> Iterator[LocalFile]:
    """Files in a folder of one machine that one task writes and another one reads."""
    touched = [(names[draft], touch) for draft in drafts for touch in _touched(draft, home)]
    written: dict[str, tuple[str, _Touch]] = {}
    for task, touch in touched:
        if touch.writes:
            written.setdefault(touch.path, (task, touch))
    told: set[str] = set()
    for task, touch in touched:
        writer = written.get(touch.path)
        own = any(other == task and each.writes and each.path == touch.path for other, each in touched)
        if touch.writes or writer is None or own or touch.path in told:
            continue
        told.add(touch.path)
        yield LocalFile(touch.path, writer[0], task, touch.loc, writer[1].loc)


def _touched(draft: TaskDraft, home: Module) -> Iterator[_Touch]:
    for function in _functions(draft, home):
        yield from _handed(home, function)[1]


def _in_function(home: Module, function: Function) -> tuple[_Touch, ...]:
    found: list[_Touch] = []
    for site in own_calls(home, function):
        way = _way(site)
        if way is None:
            continue
        path = site.node.func.value if way == "method" and isinstance(site.node.func, ast.Attribute) else None
        for given in (path, *site.node.args[:3], *(each.value for each in site.node.keywords)):
            text = _path(home, given) if given is not None else ""
            if text and given is not None and home.loc(given).file == home.path:
                found.append(_Touch(text, home.loc(given), _is_write(site)))
                break
    return tuple(found)


def _way(site: CallSite) -> str | None:
    last = last_part(site.node.func)
    if last in ("write_text", "write_bytes", "read_text", "read_bytes"):
        return "method"
    return "argument" if last == "open" or last in _WRITES or last in _READS else None


def _is_write(site: CallSite) -> bool:
    last = last_part(site.node.func)
    if last != "open":
        return last in _WRITES
    given = [*site.node.args[1:2], *(each.value for each in site.node.keywords if each.arg == "mode")]
    mode = given[0].value if given and isinstance(given[0], ast.Constant) else "r"
    return isinstance(mode, str) and any(letter in mode for letter in "wax")


def _path(home: Module, expr: ast.expr) -> str:
    """A path in a folder for passing files, "" for anything else."""
    if isinstance(expr, ast.Call) and len(expr.args) == 1 and home.qualified(expr.func) == ("pathlib.Path",):
        return _path(home, expr.args[0])
    value = home.value(expr)
    if isinstance(value, Known):
        return value.value if isinstance(value.value, str) and value.value.startswith(_FOLDERS) else ""
    first = expr.values[0] if isinstance(expr, ast.JoinedStr) and expr.values else None
    here = isinstance(first, ast.Constant) and str(first.value).startswith(_FOLDERS)
    return home.text_of(expr).strip("rRfF").strip("\"'") if here else ""
