"""What a file is there for, told from where it lies."""

from __future__ import annotations

import pytest

from pipesense.engine.roles import default_role
from pipesense.rule.meta import FileRole

ROLES = [
    ("features/steps/ingest.py", FileRole.TEST),
    ("features/environment.py", FileRole.TEST),
    ("features/train/churn.py", FileRole.PIPELINE),
    ("pipelines/features/daily.py", FileRole.PIPELINE),
    ("tests/dags/load.py", FileRole.TEST),
    ("dags/load_test.py", FileRole.TEST),
    ("example_dags/load.py", FileRole.EXAMPLE),
    ("db/migrations/0001.sql", FileRole.MIGRATION),
    ("db/V2__orders.sql", FileRole.MIGRATION),
    ("dags/load.py", FileRole.PIPELINE),
    ("views/backup/orders.sql", FileRole.AD_HOC),
    ("views/active/backup.sql", FileRole.PIPELINE),
    ("dags/backup/orders.py", FileRole.PIPELINE),
    ("src/Shop.Tests/schema.sql", FileRole.TEST),
    ("src/Shop.Contests/schema.sql", FileRole.PIPELINE),
]


@pytest.mark.parametrize(("path", "role"), ROLES)
def test_where_a_file_lies_tells_what_it_is_for(path: str, role: FileRole) -> None:
    assert default_role(f"/repo/{path}", "/repo") is role
