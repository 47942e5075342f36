"""Texts with parts that no page can hold, as they are not read as a whole; a rule says nothing of them."""

from __future__ import annotations

import pytest

from pipesense.host.rulepacks import load_registry
from support.memory import ROOT, workspace

REGISTRY = load_registry()


@pytest.mark.parametrize(
    ("rule", "text", "said"),
    [
        pytest.param(
            "idempotency/create-not-rerunnable",
            'CREATE INDEX "ix_new" ON wallets (id);\nALTER INDEX "ix_new" RENAME TO "ix_wallets_id";\n',
            0,
            id="an index that gets its final name later",
        ),
        pytest.param(
            "idempotency/create-not-rerunnable",
            'CREATE INDEX "ix_new" ON wallets (id);\nALTER INDEX "ix_old" RENAME TO "ix_wallets_id";\n',
            1,
            id="an index beside another one that is renamed",
        ),
    ],
)
def test_said(rule: str, text: str, said: int) -> None:
    made = workspace({"a.sql": text, "pipesense.toml": 'dialect = "postgres"\n'}, registry=REGISTRY)
    made.index_all()
    assert [each.rule for each in made.findings(f"{ROOT}/a.sql")].count(rule) == said
