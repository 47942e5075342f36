"""Lists of properties that are longer than anybody can wait for."""

from __future__ import annotations

from pathlib import Path

from pipesense.engine.workspace import Workspace
from pipesense.host.disk import DiskFiles
from pipesense.host.rulepacks import load_registry
from pipesense.systems.dbt.index import LONGEST_YAML

MODEL = "select a from {{ source('raw', 'orders') }} join {{ source('raw', 'items') }} using (a)\n"
ONE = """\
  - name: model_{n}
    columns:
      - name: id
        data_tests: [unique, not_null]
"""


def _analysed(folder: Path, characters: int) -> Workspace:
    (folder / "models").mkdir()
    (folder / "dbt_project.yml").write_text("name: shop\n")
    (folder / "models" / "a.sql").write_text(MODEL)
    many = "".join(ONE.format(n=n) for n in range(characters // len(ONE) + 1))
    source = "sources:\n  - name: raw\n    freshness: null\n    tables:\n      - name: orders\n"
    (folder / "models" / "schema.yml").write_text(f"models:\n{many}{source}")
    made = Workspace(load_registry(), DiskFiles(), lambda error: None, roots=[str(folder)])
    made.index_all()
    return made


def _undefined(made: Workspace, folder: Path) -> list[str]:
    found = made.findings(f"{folder}/models/a.sql")
    return [each.message for each in found if each.rule == "lineage/source-undefined"]


def test_a_long_list_is_read_to_its_end(tmp_path: Path) -> None:
    made = _analysed(tmp_path, 1_200_000)

    assert len(_undefined(made, tmp_path)) == 1
    assert "items" in _undefined(made, tmp_path)[0]


def test_nothing_is_missing_where_a_file_is_not_even_opened(tmp_path: Path) -> None:
    made = _analysed(tmp_path, 10_100_000)

    assert _undefined(made, tmp_path) == []
    assert "files above 10 MB are not read" in made.not_analysed(f"{tmp_path}/models/schema.yml")[0].why


def test_nothing_is_missing_where_a_list_is_too_long_to_be_read(tmp_path: Path) -> None:
    made = _analysed(tmp_path, 9_000_000)

    assert _undefined(made, tmp_path) == []
    assert [each.why for each in made.not_analysed(f"{tmp_path}/models/schema.yml")] == [
        f"It has {len((tmp_path / 'models' / 'schema.yml').read_text()) / 1e6:.1f} million characters; "
        f"YAML files of dbt are read up to {LONGEST_YAML // 1_000_000} million."
    ]
