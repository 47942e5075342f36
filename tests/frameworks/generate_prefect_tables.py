"""Write or check what Prefect took out or moved, from the installed Prefect's own list of it.

    PYTHON tests/frameworks/generate_prefect_tables.py [--check]      (PYTHON: an interpreter that has Prefect 3)

Modules that were gone before that list was begun are asked for by name: what cannot be imported is in the table.
"""

from __future__ import annotations

import argparse
import difflib
import importlib
import re
import sys
from collections.abc import Iterator
from pathlib import Path

TABLE = Path(__file__).parents[2] / "server/pipesense/systems/prefect/tables.py"
LONGEST = 121
ASKED = {
    "prefect.orion": ((2, 8), "prefect.server"),
    "prefect.packaging": ((3,), "flow.deploy()"),
    "prefect.blocks.kubernetes": ((3,), "prefect_kubernetes"),
    "prefect.task_runners.SequentialTaskRunner": ((3,), "prefect.task_runners.ThreadPoolTaskRunner(max_workers=1)"),
    "prefect.infrastructure.Process": ((3,), "a work pool of type process"),
    "prefect.infrastructure.DockerContainer": ((3,), "a work pool of type docker"),
    "prefect.infrastructure.container": ((3,), "a work pool of type docker"),
    "prefect.infrastructure.process": ((3,), "a work pool of type process"),
    "prefect.results.PersistedResult": ((3,), "prefect.results.ResultRecord"),
}
"""Names that Prefect 2 had at some time, with the release that ended them and what serves instead."""


def there(name: str) -> bool:
    source, _, last = name.rpartition(".")
    try:
        module = importlib.import_module(source)
        getattr(module, last)
    except Exception:
        try:
            importlib.import_module(name)
        except Exception:
            return False
    return True


def written() -> Iterator[str]:
    import prefect
    from prefect._internal.compatibility.migration import MOVED_IN_V3, REMOVED_IN_V3

    yield '"""What Prefect took out or moved; written by ``tests/frameworks/generate_prefect_tables.py``."""\n\n'
    yield "from __future__ import annotations\n\nfrom typing import Final\n\n"
    yield f'NEWEST: Final = "{prefect.__version__}"\n\n'
    removed = {name: (since, instead) for name, (since, instead) in ASKED.items() if not there(name)}
    for name, advice in REMOVED_IN_V3.items():
        if "._" in name.replace(":", "."):
            continue
        found = re.match(r"Use (.+?) instead", advice)
        instead = found.group(1).replace("`", "") if found else "workers and work pools"
        removed[name.replace(":", ".")] = ((3,), instead)
    yield "REMOVED: Final[dict[str, tuple[tuple[int, ...], str]]] = {\n"
    for name, (since, instead) in sorted(removed.items()):
        line = f'    "{name}": ({since}, "{instead}"),\n'
        yield line if len(line) <= LONGEST else f'    "{name}": (\n        {since},\n        "{instead}",\n    ),\n'
    yield "}\n"
    yield '"""Names that cannot be imported any more, with the release that ended them and what serves instead."""\n\n'
    yield "MOVED: Final[dict[str, str]] = {\n"
    for name, new in sorted(MOVED_IN_V3.items()):
        yield f'    "{name.replace(":", ".")}": "{new.replace(":", ".")}",\n'
    yield "}\n"
    yield '"""Names that Prefect 3 still finds under their old address, with a warning, and where they live now."""\n'


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true")
    text = "".join(written())
    if parser.parse_args().check:
        old = TABLE.read_text(encoding="utf-8")
        sys.stdout.writelines(difflib.unified_diff(old.splitlines(True), text.splitlines(True), "table", "installed"))
        return int(old != text)
    TABLE.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
