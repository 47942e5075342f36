"""Names of installed packages: where they are defined, and that they are not renamed."""

from __future__ import annotations

import pytest

from pipesense.model.change import Refusal
from support.memory import ROOT, settle, workspace

FILES = {
    "dbt_project.yml": "name: shop\n",
    "packages.yml": "packages:\n  - local: shared/utils\n",
    "shared/utils/dbt_project.yml": "name: utils\n",
    "shared/utils/models/calendar.sql": "select 1 as day\n",
    "shared/utils/macros/cents.sql": "{% macro cents(c) %}{{ c }} / 100{% endmacro %}\n",
    "macros/cents.sql": "{% macro cents(c) %}{{ c }} / 1000{% endmacro %}\n",
    "models/a.sql": "select {{ utils.cents('x') }} as a, {{ cents('x') }} as b from {{ ref('calendar') }}\n",
}
TEXT = FILES["models/a.sql"]


@pytest.mark.parametrize(
    ("offset", "path", "start"),
    [
        (TEXT.index("utils.cents") + 7, "shared/utils/macros/cents.sql", 9),
        (TEXT.index("{{ cents") + 4, "macros/cents.sql", 9),
        (TEXT.index("calendar"), "shared/utils/models/calendar.sql", 0),
    ],
    ids=["a macro of a package", "a macro of the same name", "a model of a package"],
)
def test_definitions_lead_into_packages(offset: int, path: str, start: int) -> None:
    made = workspace(FILES)
    settle(made)

    found = made.features.names_of(f"{ROOT}/models/a.sql", offset).definition(f"{ROOT}/models/a.sql", offset)

    assert [(each.path, each.span.start) for each in found] == [(f"{ROOT}/{path}", start)]


def test_what_a_package_defines_is_not_renamed() -> None:
    made = workspace(FILES)
    settle(made)
    path = f"{ROOT}/models/a.sql"

    own = made.features.dbt.rename(path, TEXT.index("{{ cents") + 4, "thousandths")

    assert isinstance(made.features.dbt.renamed(path, TEXT.index("calendar")), Refusal)
    assert not isinstance(own, Refusal)
    assert [edit.span.start for edit in own[path]] == [TEXT.index("{{ cents") + 3]
