"""What is said of a file while a fix is tried out is what is said of it once the fix is applied."""

from __future__ import annotations

import pytest

from pipesense.engine.fixing import Fixer
from pipesense.engine.workspace import Workspace
from pipesense.host.rulepacks import load_registry
from support.memory import ROOT, workspace

REGISTRY = load_registry()
PATH = f"{ROOT}/load.py"

REPLACED = (
    "import os\n"
    "import pandas as pd\n"
    "import requests\n"
    "def load(engine):\n"
    "    answer = requests.get('https://example.org/rates.json'{timeout})\n"
    "    rates = pd.DataFrame(answer.json())\n"
    "    rates.to_sql('rates', engine, if_exists='replace', index=False)\n"
)
EMBEDDED = (
    "import sqlite3\n"
    "def load(path):\n"
    "    connection = sqlite3.connect(path{timeout})\n"
    "    connection.execute('DELETE FROM rates WHERE day = NULL')\n"
    "    connection.execute('SELECT count(price) FROM rates WHERE price = NULL')\n"
    "    connection.commit()\n"
)


def _fixer(made: Workspace) -> Fixer:
    return made._fixer


@pytest.mark.parametrize("text", [REPLACED, EMBEDDED], ids=["a setting", "statements in strings"])
def test_places_are_those_of_the_text_that_is_tried(text: str) -> None:
    """Everything behind the edit stands further right than in the text that is open."""
    before, after = text.format(timeout=""), text.format(timeout=", timeout=30")
    tried = workspace({"load.py": before}, registry=REGISTRY)
    tried.index_all()
    applied = workspace({"load.py": after}, registry=REGISTRY)
    applied.index_all()
    expected = _fixer(applied).trial(PATH)
    assert sum(expected.said.values()) >= 2
    assert _fixer(tried).tried(PATH, after)[0] == expected
