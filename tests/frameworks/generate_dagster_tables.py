"""Write or check what Dagster took out or warns about, from releases of it.

    python tests/frameworks/generate_dagster_tables.py --releases DIR [--check]

DIR holds one folder per release, named by its version, as ``uv pip install --no-deps --target DIR/1.0.17 dagster==1.0.17``
makes it; the newest is the one that the proofs run on. Nothing of them is imported: their files are read.
"""

from __future__ import annotations

import argparse
import ast
import difflib
import re
import sys
from collections.abc import Iterator
from pathlib import Path

TABLE = Path(__file__).parents[2] / "server/pipesense/systems/dagster/tables.py"
PARAMETERS = {
    "auto_materialize_policy": "automation_condition=",
    "compute_kind": "kinds={...}",
    "non_argument_deps": "deps=",
    "legacy_freshness_policy": "freshness checks",
}
"""Parameters of decorators to ask about, with what Dagster's own warning names in their place."""
INSTEAD = {
    "solid": "dagster.op",
    "lambda_solid": "dagster.op",
    "composite_solid": "dagster.graph",
    "pipeline": "dagster.job",
    "PipelineDefinition": "dagster.JobDefinition",
    "SolidDefinition": "dagster.OpDefinition",
    "InputDefinition": "dagster.In",
    "OutputDefinition": "dagster.Out",
    "DynamicOutputDefinition": "dagster.DynamicOut",
    "SolidExecutionContext": "dagster.OpExecutionContext",
    "execute_pipeline": "execute_in_process of the job",
    "execute_solid": "a call of the op",
    "build_solid_context": "dagster.build_op_context",
    "ModeDefinition": "resources= of dagster.Definitions",
    "PresetDefinition": "config= of the job",
    "AssetGroup": "dagster.Definitions",
    "EventMetadata": "dagster.MetadataValue",
    "EventMetadataEntry": "dagster.MetadataValue",
    "hourly_schedule": "dagster.build_schedule_from_partitioned_job",
    "daily_schedule": "dagster.build_schedule_from_partitioned_job",
    "weekly_schedule": "dagster.build_schedule_from_partitioned_job",
    "monthly_schedule": "dagster.build_schedule_from_partitioned_job",
    "build_assets_job": "dagster.define_asset_job",
    "external_asset_from_spec": "the dagster.AssetSpec itself in dagster.Definitions",
    "external_assets_from_specs": "the dagster.AssetSpec objects themselves in dagster.Definitions",
    "build_asset_reconciliation_sensor": "automation_condition= of the assets",
    "freshness_policy_sensor": "freshness checks",
}


def number(version: str) -> tuple[int, ...]:
    return tuple(map(int, version.split(".")))


def exported(release: Path) -> set[str]:
    """The names that ``dagster/__init__.py`` gives."""
    tree = ast.parse((release / "dagster/__init__.py").read_text(encoding="utf-8"))
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            found |= {alias.asname or alias.name for alias in node.names}
        elif isinstance(node, ast.Assign) and isinstance(node.value, ast.List):
            found |= {each.value for each in node.value.elts if isinstance(each, ast.Constant)}
        elif isinstance(node, ast.Dict):
            found |= {key.value for key in node.keys if isinstance(key, ast.Constant) and isinstance(key.value, str)}
    return found


def warned(release: Path) -> set[str]:
    """Parameters of decorators of assets that warn when they are given."""
    found: set[str] = set()
    for name in ("asset_decorator.py", "asset.py"):
        path = release / "dagster/_core/definitions/decorators" / name
        text = path.read_text(encoding="utf-8") if path.exists() else ""
        found |= set(re.findall(r"(?:hidden|deprecated)_param\(\s*param=\"(\w+)\"", text))
    return found


def written(folder: Path) -> Iterator[str]:
    releases = sorted((each for each in folder.iterdir() if each.is_dir()), key=lambda each: number(each.name))
    names = [exported(each) for each in releases]
    yield '"""What Dagster took out or warns about; written by ``tests/frameworks/generate_dagster_tables.py``."""\n\n'
    yield "from __future__ import annotations\n\nfrom typing import Final\n\n"
    yield f'NEWEST: Final = "{releases[-1].name}"\n\n'
    yield "REMOVED: Final[dict[str, tuple[tuple[int, ...], str]]] = {\n"
    for name in sorted(set().union(*names) - names[-1]):
        if not name.isidentifier() or name.startswith("_") or not any(part.isalpha() for part in name):
            continue
        last = max(at for at, given in enumerate(names) if name in given)
        yield f'    "{name}": ({number(releases[last + 1].name)[:2]}, "{INSTEAD.get(name, "")}"),\n'
    yield "}\n"
    yield '"""Names of the package, with the first release looked at that has them no more, and what serves instead."""\n\n'
    yield "WARNED: Final[dict[str, tuple[tuple[int, ...], str]]] = {\n"
    for name, instead in sorted(PARAMETERS.items()):
        first = next((each for each in releases if name in warned(each)), None)
        if first is not None:
            yield f'    "{name}": ({number(first.name)[:2]}, "{instead}"),\n'
    yield "}\n"
    yield '"""Parameters of decorators of assets, with the first release looked at that warns, and what to give instead."""\n'


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--releases", type=Path, required=True)
    parser.add_argument("--check", action="store_true")
    options = parser.parse_args()
    text = "".join(written(options.releases))
    if options.check:
        old = TABLE.read_text(encoding="utf-8")
        sys.stdout.writelines(difflib.unified_diff(old.splitlines(True), text.splitlines(True), "table", "releases"))
        return int(old != text)
    TABLE.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
