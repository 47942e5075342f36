"""A shorter start: keep the code that attrs and dataclasses generate while modules are imported.

lsprotocol defines more than 500 attrs classes, and this package hundreds of dataclasses; methods are compiled for
each of them at every import, also of what is only imported when a file first asks for it. The sources never change
between runs, so the compiled code is kept in the user's cache folder. The cache is keyed by source text and can only
save time: whatever is wrong with it, the import happens as without it.
"""

from __future__ import annotations

import dataclasses
import gc
import importlib.util
import logging
import marshal
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import CodeType
from typing import Any, Final

_log = logging.getLogger(__name__)

_WORTH_SAVING: Final = 20
"""Some classes are compiled anew in every run because their source is not stable; that alone saves nothing."""

_KEPT: Final = 4
"""How many caches stay, for as many environments on one machine."""

Cache = dict[tuple[str, str], CodeType]


@contextmanager
def remembered_compilation(folder: Path | None = None) -> Iterator[Callable[[], None]]:
    """While the context is open, generated methods find their compiled code in ``folder`` (default: the user's cache).

    The garbage collector rests until the function that is yielded is called, at the end of the many imports of a
    start: they make little garbage and many objects that stay. It never looks at those afterwards either, or it would
    walk through all of them as soon as it is on again. Calling it also keeps what was compiled up to then; the rest
    is kept when the context is left.
    """
    import attr._make as maker

    collecting = gc.isenabled()
    gc.disable()
    path = _cache_file(folder)
    cache = _load(path) if path is not None else {}
    known = len(cache)

    def cached_compile(source: str, filename: str, mode: str) -> CodeType:
        key = (source, filename)
        code = cache.get(key)
        if code is None:
            code = cache[key] = compile(source, filename, mode)
        return code

    def cached_exec(source: str, names: dict[str, Any] | None = None, made: dict[str, Any] | None = None) -> None:
        exec(cached_compile(source, "<string>", "exec"), names, made)

    def imported() -> None:
        nonlocal collecting, known
        if collecting:
            gc.freeze()
            gc.enable()
            collecting = False
        if path is not None and len(cache) - known > _WORTH_SAVING:
            _save(path, cache)
            known = len(cache)

    maker.compile = cached_compile  # type: ignore[attr-defined]
    dataclasses.exec = cached_exec  # type: ignore[attr-defined]
    try:
        yield imported
    finally:
        del maker.compile, dataclasses.exec  # type: ignore[attr-defined]
        imported()


def _cache_file(folder: Path | None) -> Path | None:
    """One file per interpreter and per installed attrs and lsprotocol, or None where no private folder is to be had."""
    stamp: list[str] = []
    for module in ("attr._make", "lsprotocol.types"):
        try:
            spec = importlib.util.find_spec(module)
        except ModuleNotFoundError:
            spec = None
        if spec is None or spec.origin is None:
            return None
        status = os.stat(spec.origin)
        stamp.append(f"{status.st_size:x}-{status.st_mtime_ns:x}")
    if folder is None:
        folder = _cache_folder()
    version = f"{sys.implementation.cache_tag}-{sys.hexversion:x}"
    return folder / f"attrs-{version}-{'-'.join(stamp)}.bin" if _is_private(folder) else None


def _cache_folder() -> Path:
    """Where this system keeps what a user's programs can make again."""
    if sys.platform == "win32":
        base = os.environ.get("LOCALAPPDATA") or os.path.expanduser("~/AppData/Local")
        return Path(base, "pipesense", "Cache")
    if sys.platform == "darwin":
        return Path(os.path.expanduser("~/Library/Caches"), "pipesense")
    return Path(os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache"), "pipesense")


def _is_private(folder: Path) -> bool:
    """Whether nobody else can put a file there: what is loaded from it is run."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        status = folder.stat()
    except OSError as error:
        _log.info("No cache folder: %s", error)
        return False
    if os.name == "nt":
        return True
    return status.st_uid == os.getuid() and not status.st_mode & 0o022


def _load(path: Path) -> Cache:
    try:
        loaded = marshal.loads(path.read_bytes())
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, EOFError, TypeError) as error:
        _log.info("The cache %s is of no use: %s", path, error)
        return {}
    if not isinstance(loaded, dict) or not all(isinstance(code, CodeType) for code in loaded.values()):
        return {}
    return loaded


def _save(path: Path, cache: Cache) -> None:
    """Write beside and rename, so that a reader never sees half a file; only the newest caches stay."""
    fresh = path.with_name(f"{path.name}.{os.getpid()}")
    try:
        fresh.write_bytes(marshal.dumps(cache))
        fresh.replace(path)
        caches = sorted(path.parent.glob("attrs-*.bin"), key=lambda each: each.stat().st_mtime_ns)
        for old in caches[:-_KEPT]:
            old.unlink(missing_ok=True)
    except OSError as error:
        _log.info("The cache %s could not be written: %s", path, error)
        fresh.unlink(missing_ok=True)
