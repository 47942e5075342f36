"""New imports stand in their group, where the file's own order has them."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from pipesense.lang.python import edit
from pipesense.lang.python.module import Module
from pipesense.model.change import Rewrite

Linker = Callable[..., Module]
Changed = Callable[..., str]

_CODE = "\nx = 1\n"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param(
            "import os\n", "import os\n\nfrom tenacity import retry\n", id="first-of-its-group-behind-an-earlier-one"
        ),
        pytest.param(
            "import os\n\nfrom .own import a\n",
            "import os\n\nfrom tenacity import retry\n\nfrom .own import a\n",
            id="between-two-groups",
        ),
        pytest.param("from .own import a\n", "from tenacity import retry\n\nfrom .own import a\n", id="before-own"),
        pytest.param(
            "import os\nfrom .own import a\n",
            "import os\nfrom tenacity import retry\nfrom .own import a\n",
            id="no-blank-lines-where-the-file-has-none",
        ),
        pytest.param(
            "import os\n\nimport requests\nfrom airflow import DAG\n\nfrom own import a\n",
            "import os\n\nimport requests\nfrom airflow import DAG\nfrom tenacity import retry\n\nfrom own import a\n",
            id="in-the-first-block-of-packages",
        ),
        pytest.param(
            "import requests\nfrom airflow import DAG\nfrom zoneinfo2 import Z\n",
            "import requests\nfrom airflow import DAG\nfrom tenacity import retry\nfrom zoneinfo2 import Z\n",
            id="sorted-import-before-from",
        ),
        pytest.param(
            "from airflow import DAG\nimport requests\nfrom urllib3 import Retry\n",
            "from airflow import DAG\nimport requests\nfrom tenacity import retry\nfrom urllib3 import Retry\n",
            id="sorted-by-module",
        ),
        pytest.param(
            "import requests\nfrom urllib3 import Retry\nimport airflow\nimport sys\n",
            "import requests\nfrom urllib3 import Retry\nimport airflow\nfrom tenacity import retry\nimport sys\n",
            id="unsorted-behind-its-group",
        ),
        pytest.param(
            "from __future__ import annotations\n",
            "from __future__ import annotations\n\nfrom tenacity import retry\n",
            id="behind-future",
        ),
        pytest.param(
            "'''Doc.'''\n\nimport os\n",
            "'''Doc.'''\n\nimport os\n\nfrom tenacity import retry\n",
            id="behind-a-docstring-with-imports",
        ),
    ],
)
def test_a_package(before: str, after: str, link: Linker, changed: Changed) -> None:
    module = link(before + _CODE)
    _, parts = edit.add_import(module, "retry", "tenacity")
    assert changed(module, parts) == after + _CODE


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param("import requests\n", "from datetime import timedelta\n\nimport requests\n", id="before-packages"),
        pytest.param(
            "#!/usr/bin/env python\nimport requests\n",
            "#!/usr/bin/env python\nfrom datetime import timedelta\n\nimport requests\n",
            id="below-what-heads-the-file",
        ),
        pytest.param(
            "'''Doc.'''\n\n# Packages\nimport requests\n",
            "'''Doc.'''\n\nfrom datetime import timedelta\n\n# Packages\nimport requests\n",
            id="above-what-heads-the-group",
        ),
        pytest.param(
            "import os\nimport sys\nfrom typing import Any\n\nimport requests\n",
            "import os\nimport sys\nfrom datetime import timedelta\nfrom typing import Any\n\nimport requests\n",
            id="sorted",
        ),
        pytest.param(
            "# Standard\nfrom typing import Any\n",
            "# Standard\nfrom datetime import timedelta\nfrom typing import Any\n",
            id="below-the-heading-of-its-group",
        ),
    ],
)
def test_of_the_standard_library(before: str, after: str, link: Linker, changed: Changed) -> None:
    module = link(before + _CODE)
    _, parts = edit.add_import(module, "timedelta", "datetime")
    assert changed(module, parts) == after + _CODE


def test_several_new_groups_at_one_place(link: Linker, changed: Changed) -> None:
    module = link("'''Doc.'''\nx = 1\n")
    change = Rewrite((), (("retry", "tenacity"), ("environ", "os"), ("text", "sqlalchemy")))
    assert changed(module, edit.with_imports(module, change)) == (
        "'''Doc.'''\n\nfrom os import environ\n\nfrom sqlalchemy import text\nfrom tenacity import retry\n\nx = 1\n"
    )


@pytest.mark.parametrize(
    ("before", "name", "after"),
    [
        ("import polars\n", "polars", None),
        ("import polars as p\n", "p", None),
        ("from polars import col\n", "pl", "import polars as pl\nfrom polars import col\n"),
        ("import os\n\npl = 1\n", "pl_", "import os\n\nimport polars as pl_\n\npl = 1\n"),
    ],
)
def test_a_whole_module(before: str, name: str, after: str | None, link: Linker, changed: Changed) -> None:
    module = link(before)
    found, parts = edit.add_module_import(module, "polars", "pl")
    assert found == name
    assert changed(module, parts) == (after or before)
