"""The cache of compiled code saves time or nothing; it never gets in the way."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from lsp.wire import ROOT

SCRIPT = """
import sys
from pathlib import Path
from pipesense.lsp.imports import remembered_compilation
count = 0
real = compile
import builtins
def counted(source, filename, *a, **k):
    global count
    count += str(filename).startswith("<attrs generated")
    return real(source, filename, *a, **k)
builtins.compile = counted
with remembered_compilation(Path(sys.argv[1])):
    from lsprotocol import types
builtins.compile = real
import attr._make
assert "compile" not in vars(attr._make)
assert types.Position(1, 2) == types.Position(1, 2) and repr(types.Position(1, 2)) == "1:2"
print(count)
"""


def compiled(folder: Path) -> int:
    """How much was compiled while lsprotocol was imported in a fresh process."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "server")}
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(folder)], capture_output=True, text=True, env=environment, check=False
    )
    assert done.returncode == 0, done.stderr
    return int(done.stdout)


def test_the_second_start_compiles_next_to_nothing(tmp_path: Path) -> None:
    folder = tmp_path / "cache"
    first, second = compiled(folder), compiled(folder)
    assert first > 400
    assert second < first / 10
    assert len(list(folder.iterdir())) == 1


@pytest.mark.parametrize("damage", [b"", b"garbage", b"\xe3" * 1000])
def test_a_damaged_cache_is_made_again(tmp_path: Path, damage: bytes) -> None:
    first = compiled(tmp_path)
    (cache,) = tmp_path.iterdir()
    cache.write_bytes(damage)
    assert compiled(tmp_path) == first
    assert compiled(tmp_path) < first / 10


@pytest.mark.skipif(sys.platform == "win32", reason="file modes")
def test_a_folder_that_others_can_write_is_not_trusted(tmp_path: Path) -> None:
    tmp_path.chmod(0o777)
    first = compiled(tmp_path)
    assert compiled(tmp_path) == first
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    assert compiled(tmp_path / "file" / "cache") > 400


def test_the_way_in_loads_neither_pygls_nor_lsprotocol() -> None:
    code = (
        "import sys, pipesense.lsp.server, pipesense.lsp.imports\n"
        "assert not {'pygls', 'lsprotocol', 'attr', 'cattrs', 'sqlglot'} & set(sys.modules)"
    )
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "server")}
    subprocess.run([sys.executable, "-c", code], env=environment, check=True)


COLLECTED = """
import gc, sys
from pathlib import Path
from pipesense.lsp.imports import remembered_compilation
walked = []
gc.callbacks.append(lambda phase, info: walked.append(info["generation"]) if phase == "start" else None)
with remembered_compilation(Path(sys.argv[1])) as imported:
    walked.clear()
    from lsprotocol import types
    imported()
    kept = [[] for _ in range(500)]
    assert gc.isenabled() and walked == [], walked
    assert gc.get_freeze_count() > 10_000
"""


def test_the_collector_does_not_walk_through_what_was_imported(tmp_path: Path) -> None:
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "server")}
    script = [sys.executable, "-c", COLLECTED, str(tmp_path)]
    done = subprocess.run(script, capture_output=True, text=True, env=environment, check=False)
    assert done.returncode == 0, done.stderr


LATER = """
import dataclasses, sys
from pathlib import Path
from pipesense.lsp.imports import remembered_compilation
count = 0
with remembered_compilation(Path(sys.argv[1])) as imported:
    from lsprotocol import types
    imported()
    real = compile
    import builtins
    def counted(source, filename, *a, **k):
        global count
        count += 1
        return real(source, filename, *a, **k)
    builtins.compile = counted
    made = [dataclasses.make_dataclass(f"Asked{number}", ["one", f"two{number}"], frozen=True) for number in range(30)]
    builtins.compile = real
    assert made[3](1, 2) == made[3](1, two3=2) and made[3](1, 2) != made[3](1, 3)
assert "exec" not in vars(dataclasses)
print(count)
"""


def test_what_is_imported_later_is_remembered_as_well(tmp_path: Path) -> None:
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "server")}
    script = [sys.executable, "-c", LATER, str(tmp_path)]
    first, second = (int(subprocess.check_output(script, env=environment)) for _ in range(2))
    assert first > 30
    assert second < first / 10
