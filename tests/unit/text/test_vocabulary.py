"""A sign stands in a text if it stands in what the text is made of."""

from __future__ import annotations

import pytest

from pipesense.text.vocabulary import may_hold, vocabulary

TEXT = "from airflow import DAG\n\nwith DAG('a b', catchup=False) as dag:\n    spark.sql('x')\n"


@pytest.mark.parametrize("sign", ["airflow", "DAG(", "=False)", "spark.sql", "('a", "import DAG", "from airflow"])
def test_a_sign_of_the_text_is_held(sign: str) -> None:
    assert may_hold(vocabulary(TEXT), sign)


@pytest.mark.parametrize("sign", ["kafka", "dag)", "b)", "importDAG", "import pyspark"])
def test_another_is_not(sign: str) -> None:
    assert not may_hold(vocabulary(TEXT), sign)
