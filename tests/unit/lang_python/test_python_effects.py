"""What calls and functions touch."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from pipesense.lang.python.effects import call_effect, scope_effects
from pipesense.lang.python.module import Module
from pipesense.model.flow import Effect

Linker = Callable[..., Module]
NETWORK, READ, WRITE = Effect.NETWORK, Effect.READ, Effect.WRITE


@pytest.mark.parametrize(
    ("text", "effect"),
    [
        ("import requests\nrequests.get(u)", NETWORK),
        ("import requests as r\ns = r.Session()\ns.post(u)", NETWORK),
        ("import requests\nrequests.Session()", None),
        ("import requests\nrequests.get(u).json()", None),
        ("import httpx\nwith httpx.Client() as c:\n    pass\nc.get(u)", NETWORK),
        ("from urllib.request import urlopen\nurlopen(u)", NETWORK),
        ("import boto3\nboto3.client('s3')", None),
        ("import boto3\ns3 = boto3.client('s3')\ns3.put_object()", NETWORK),
        ("import boto3\nb = boto3.resource('s3').Bucket('x')\nb.upload_file(f)", NETWORK),
        ("import psycopg2\npsycopg2.connect(d)", NETWORK),
        ("import sqlalchemy as sa\nsa.create_engine(d)", None),
        ("import sqlalchemy as sa\ne = sa.create_engine(d)\ne.connect()", NETWORK),
        ("import pandas as pd\npd.read_csv(f)", READ),
        ("import pandas as pd\npd.read_sql(q, c)", NETWORK),
        ("import pandas as pd\npd.DataFrame(x)", None),
        ("import pandas as pd\ndf = pd.read_csv(f)\ndf.dropna().to_sql('t', c)", NETWORK),
        ("import pandas as pd\ndf = pd.DataFrame()\ndf.to_parquet(f)", WRITE),
        ("import pandas as pd\ndf = pd.DataFrame()\ndf.to_parquet('s3://lake/orders.parquet')", NETWORK),
        ("import pandas as pd\ndf = pd.DataFrame()\ndf.to_parquet(f'gs://lake/{day}.parquet')", NETWORK),
        ("import pandas as pd\npd.read_csv('https://example.org/a.csv')", NETWORK),
        ("import pandas as pd\nBASE = 's3://lake/a.csv'\npd.read_csv(BASE)", NETWORK),
        ("import pandas as pd\npd.read_csv('file:///tmp/a.csv')", READ),
        ("open(f)", READ),
        ("open(f, 'w')", WRITE),
        ("open(f, mode='ab')", WRITE),
        ("from pathlib import Path\nPath(f).write_text(t)", WRITE),
        ("import smtplib\nsmtplib.SMTP(h)", NETWORK),
        ("from elasticsearch import helpers\nhelpers.bulk(c, rows)", NETWORK),
        ("from elasticsearch.helpers import streaming_bulk\nstreaming_bulk(c, rows)", None),
        ("from opensearchpy import OpenSearch\nc = OpenSearch(h)\nc.index(d)", NETWORK),
        ("from neo4j import GraphDatabase\nGraphDatabase.driver(u)", None),
        ("from neo4j import GraphDatabase\nd = GraphDatabase.driver(u)\nd.execute_query(q)", NETWORK),
        ("from neo4j import GraphDatabase\nd = GraphDatabase.driver(u)\nwith d.session() as s:\n    pass\ns.run(q)", NETWORK),
        ("from minio import Minio\nMinio(h)", None),
        ("from minio import Minio\nc = Minio(h)\nc.fput_object(b, n, f)", NETWORK),
        ("import pysftp\npysftp.Connection(h)", NETWORK),
        ("import pymssql\npymssql.connect(h)", NETWORK),
        ("import teradatasql\nteradatasql.connect(h)", NETWORK),
        ("from databricks import sql\nsql.connect(h)", NETWORK),
        ("from cassandra.cluster import Cluster\nCluster(h)", None),
        ("from cassandra.cluster import Cluster\nc = Cluster(h)\nc.connect()", NETWORK),
        ("from airflow.models import Variable\nVariable.get('x')", NETWORK),
        ("from airflow.sdk import Variable\nVariable.get('x')", NETWORK),
        ("from airflow.hooks.base import BaseHook\nBaseHook.get_connection('x')", NETWORK),
        ("from airflow.providers.postgres.hooks.postgres import PostgresHook\nPostgresHook('x')", None),
        ("from airflow.providers.postgres.hooks.postgres import PostgresHook\nh = PostgresHook('x')\nh.get_records(q)", NETWORK),
        ("from google.cloud import bigquery\nc = bigquery.Client()\nc.query(q)", NETWORK),
        ("from mine import requests\nrequests.get(u)", None),
        ("def get(): pass\nget()", None),
        ("x.put_object()", None),
        ("import json, logging, os\nos.path.join(a, b)", None),
    ],
)  # fmt: skip
def test_call(text: str, effect: Effect | None, link: Linker) -> None:
    module = link(text)
    site = module.calls_under(module.body[-1])[0]
    found = call_effect(module, site)
    assert (found.effect if found is not None else None) is effect


FILES = {"lib": "import requests\ndef fetch():\n    return requests.get(1)\ndef check(x):\n    assert x\n"}


@pytest.mark.parametrize(
    ("text", "effects", "opened", "raises"),
    [
        ("def f():\n    return 1", set(), False, False),
        ("from lib import fetch\ndef f():\n    fetch()", {NETWORK}, False, False),
        ("from lib import check\ndef f(x):\n    check(x)", set(), False, True),
        ("def f(x):\n    x.go()", set(), True, False),
        ("import gone\ndef f():\n    gone.go()", set(), True, False),
        ("from airflow.sdk import Variable\ndef f():\n    return Variable.get('x')", set(), False, False),
        ("import logging, json\ndef f():\n    logging.info(json.dumps({}))", set(), False, False),
        ("def f():\n    def g():\n        raise E\n    return g", set(), False, False),
        ("def f():\n    if x:\n        raise ValueError('x')", set(), False, True),
        ("def f():\n    g()\ndef g():\n    f()\n    open('x', 'w')", {WRITE}, False, False),
        ("def f():\n    '''doc'''\n" + "    a = 1\n" * 30 + "    open('x', 'w')\n    assert a", {WRITE}, False, True),
    ],
)
def test_scope(text: str, effects: set[Effect], opened: bool, raises: bool, link: Linker) -> None:
    module = link(text + "\nOp(f)\n", FILES)
    (site,) = (site for site in module.calls() if site.callee == "Op")
    (function,) = module.callables(site.node.args[0])
    found = scope_effects(module, function)
    assert found.scope == "dags.this.f"
    assert (found.effects, found.opened, found.raises) == (effects, opened, raises)
