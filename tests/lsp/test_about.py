"""What the server tells about itself, asked of the real one."""

from __future__ import annotations

from pathlib import Path

from lsp.conftest import Start
from lsp.wire import PIPESENSE, VSCODE, uri

PROFILE = "shop:\n  target: dev\n  outputs:\n    dev:\n      type: snowflake\n"


def test_status_says_what_a_file_is_taken_for(start: Start, tmp_path: Path) -> None:
    (tmp_path / "dbt_project.yml").write_text("name: shop\nprofile: shop\n")
    (tmp_path / "profiles.yml").write_text(PROFILE)
    (tmp_path / "models").mkdir()
    name = uri(tmp_path / "models" / "orders.sql")
    wire = start(PIPESENSE)
    wire.initialize(VSCODE, tmp_path)
    wire.open(name, "select 1 as id", "sql")
    status = wire.request("pipesense/status", {"uri": name})
    nowhere = wire.request("pipesense/status", {"uri": None})
    assert status["rules"] > 50
    assert (status["dialect"], status["dbtProject"]) == ("snowflake", "shop")
    assert "profile" in status["dialectWhy"]
    assert (nowhere["dialect"], nowhere["dbtProject"]) == (None, None)


def test_rules_and_their_pages(start: Start, tmp_path: Path) -> None:
    wire = start(PIPESENSE)
    wire.initialize(VSCODE, tmp_path)
    rules = wire.request("pipesense/rules", {})
    page = wire.request("pipesense/page", {"name": "reliability/no-retries"})["markdown"]
    pattern = wire.request("pipesense/page", {"name": "retry-with-backoff"})["markdown"]
    nothing = wire.request("pipesense/page", {"name": "no/such"})
    ids = [rule["id"] for rule in rules]
    assert "reliability/no-retries" in ids
    assert ids.index("correctness/equals-null") < ids.index("reliability/no-retries"), "data quality comes first"
    assert all(rule["summary"] for rule in rules)
    assert "# reliability/no-retries\n\nwarning, can be fixed, pattern `retry-with-backoff`\n" in page
    assert pattern.startswith("# ")
    assert nothing == {"markdown": None}
