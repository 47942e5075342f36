"""How many bytes of SQL are read and judged in a second of CPU, from cold: parse, lift and all rules together.

    python tests/bench/throughput.py NAME=DIALECT=PATH [...]

A path is a file or a folder of ``.sql`` files. Prints one line of JSON for each: bytes, seconds of CPU (the best of
some runs, each with a new workspace), files, and whether sqlglot is compiled. Run by tests/bench/run.py in an
environment with the plain and in one with the compiled parser.
"""

from __future__ import annotations

import gc
import json
import sys
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent), str(HERE.parent.parent / "server"), str(HERE.parent.parent / "rules")]

RUNS = 3


def texts(path: Path) -> dict[str, str]:
    """The SQL files at a path by their names below it."""
    if path.is_file():
        return {path.name: path.read_text(encoding="utf-8")}
    found = sorted(path.rglob("*.sql"))
    return {str(each.relative_to(path)): each.read_text(encoding="utf-8", errors="replace") for each in found}


def measure(files: dict[str, str], dialect: str) -> float:
    """Seconds of CPU for analysing all files in a new workspace."""
    from support.memory import workspace

    made = workspace({"pipesense.toml": f'[dialect]\n"*.sql" = "{dialect}"\n', **files})
    start = time.process_time()
    made.index_all()
    return time.process_time() - start


def main(arguments: list[str]) -> int:
    import sqlglot.parser

    from pipesense.__main__ import COLLECT_EVERY

    gc.set_threshold(*COLLECT_EVERY)
    compiled = not str(sqlglot.parser.__file__).endswith(".py")
    for argument in arguments:
        name, dialect, path = argument.split("=", 2)
        files = texts(Path(path))
        measure({"warm.sql": "SELECT a FROM b WHERE c = 1;"}, dialect)  # the imports are not what is measured
        gc.collect()
        gc.freeze()
        seconds = min(measure(files, dialect) for _ in range(RUNS))
        size = sum(len(text.encode("utf-8", "replace")) for text in files.values())
        told = {"name": name, "bytes": size, "seconds": seconds, "files": len(files), "compiled": compiled}
        print(json.dumps(told), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
