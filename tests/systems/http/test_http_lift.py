"""How people send requests, and what must be read from it: timeout; retries; status; loops."""

from __future__ import annotations

import pytest

from pipesense.lang.python.effects import scope_effects
from pipesense.model.flow import Effect
from pipesense.model.http import GraphqlAnswer, HttpCalls, PagedRequest
from pipesense.model.value import Absent, Known, Value, Version
from pipesense.systems.http import SYSTEM
from systems.lifting import Workspace

HEAD = "import requests, httpx, aiohttp, urllib.request\nimport requests as rq\nfrom requests import Session, get\n"


def lifted(code: str) -> tuple[object, ...]:
    module = Workspace({"jobs/x.py": HEAD + code}).module("jobs/x.py")
    return SYSTEM.lift(module, Version(), lambda *_: None).facts


def told(value: Value[str]) -> str:
    return value.value if isinstance(value, Known) else "none" if isinstance(value, Absent) else "unknown"


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("def f(u):\n    return requests.get(u).json()\n", "requests.get: none; none; none"),
        ("def f(u):\n    return rq.get(u, timeout=5).json()\n", "rq.get: 5; none; none"),
        ("def f(u):\n    return get(url=u, timeout=None).text\n", "get: unknown; none; none"),
        ("def f(u, **kw):\n    return requests.get(u, **kw)\n", "requests.get: unknown; none; unknown"),
        ("def f(u):\n    r = requests.get(u)\n    r.raise_for_status()\n    return r.json()\n", "requests.get: none; none; the status is looked at"),
        ("def f(u):\n    r = requests.get(u)\n    return r\n", "requests.get: none; none; unknown"),
        ("def f(u):\n    with requests.Session() as s:\n        return s.post(u).json()\n", "s.post: none; none; none"),
        ("def f(u):\n    s = Session()\n    return s.request('GET', u, timeout=(3, 9)).json()\n", "s.request: (3, 9); none; none"),
        ("def f(u):\n    return httpx.get(u).json()\n", "httpx.get: the limit of httpx; none; none"),
        ("async def f(u):\n    async with httpx.AsyncClient() as c:\n        r = await c.get(u)\n        return r.text\n", "c.get: the limit of httpx; none; none"),
        ("def f(u):\n    return urllib.request.urlopen(u).read()\n", "urllib.request.urlopen: none; none; urllib raises for every status that is no success"),
        ("def f(u):\n    return urllib.request.urlopen(u, None, 3).read()\n", "urllib.request.urlopen: 3; none; urllib raises for every status that is no success"),
        ("def f(u):\n    for attempt in range(3):\n        try:\n            return requests.get(u).json()\n        except OSError:\n            pass\n", "requests.get: none; a loop of its own; none; in a loop"),
        ("ANSWER = requests.get('http://x')\n", "requests.get: none; unknown; unknown"),
        # Names that only look like it.
        ("def f(d):\n    return d.get('requests')\n", ""),
        ("class requests:\n    get = dict.get\n\ndef f(u):\n    return requests.get(u)\n", ""),
    ],
)  # fmt: skip
def test_requests_are_read(code: str, expected: str) -> None:
    calls = [call for fact in lifted(code) if isinstance(fact, HttpCalls) for call in fact.calls]
    found = "\n".join(
        f"{call.written}: {told(call.timeout)}; {told(call.retried)}; {told(call.checked)}"
        + "; in a loop" * call.looped
        for call in calls
    )
    assert found == expected


@pytest.mark.parametrize(
    "decorator", ["tenacity.retry()", "backoff.on_exception(backoff.expo, OSError)", "with_retries"]
)
def test_decorators_repeat(decorator: str) -> None:
    code = f"import tenacity, backoff\n@{decorator}\ndef f(u):\n    return requests.get(u).json()\n"
    (calls,) = [fact for fact in lifted(code) if isinstance(fact, HttpCalls)]
    assert isinstance(calls.calls[0].retried, Known)


def test_pages_and_graphql() -> None:
    code = (
        "def pages(u):\n    return requests.get(u, params={'limit': 100}).json()\n"
        "def query(u):\n    return requests.post(u, json={'query': 'query { a }'}).json()['data']\n"
    )
    paged, asked, _ = lifted(code)
    assert isinstance(paged, PagedRequest) and (paged.size, paged.follows) == ("limit=100", False)
    assert isinstance(asked, GraphqlAnswer)


def test_a_look_at_the_status_far_below_in_a_long_function_counts() -> None:
    filler = "".join(f"    row_{number} = prepare('{'x' * 60}', {number})\n" for number in range(120))
    code = f"def f(u):\n    r = requests.get(u)\n{filler}    if r.status_code != 200:\n        raise OSError\n    return r.json()\n"
    calls = [call for fact in lifted(code) if isinstance(fact, HttpCalls) for call in fact.calls]
    assert [told(call.checked) for call in calls] == ["the status is looked at"]


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("S = requests.Session()\n\ndef f(u):\n    return S.get(u).json()\n", "unknown"),
        ("class C:\n    def f(self, u):\n        return self.session.get(u).json()\n", ""),
        ("def f(u):\n    s = requests.Session()\n    return s.get(u).json()\n", "none"),
    ],
)
def test_a_session_from_elsewhere_may_look_at_the_status(code: str, expected: str) -> None:
    calls = [call for fact in lifted(code) if isinstance(fact, HttpCalls) for call in fact.calls]
    assert "".join(told(call.checked) for call in calls) == expected


def test_a_session_of_another_file_is_known() -> None:
    files = {
        "jobs/x.py": "from common.web import session\n\ndef f(u):\n    return session.get(u).text\n",
        "common/__init__.py": "",
        "common/web.py": "import requests\n\nsession = requests.Session()\n",
    }
    module = Workspace(files).module("jobs/x.py")
    (sent,) = SYSTEM.lift(module, Version(), lambda *_: None).facts
    assert isinstance(sent, HttpCalls)
    assert [(call.library, told(call.timeout), told(call.checked)) for call in sent.calls] == [
        ("requests", "none", "unknown")
    ]


@pytest.mark.parametrize(
    ("made", "expected"),
    [
        ("    adapter = WithTimeout(max_retries=3, default_timeout=seconds)\n    made.mount('https://', adapter)\n", "unknown"),
        ("    made.request = functools.partial(made.request, timeout=seconds)\n", "unknown"),
        ("    made.mount('https://', HTTPAdapter(max_retries=3))\n", "none"),
    ],
)  # fmt: skip
def test_a_session_may_have_a_limit_of_the_function_that_makes_it(made: str, expected: str) -> None:
    files = {
        "jobs/x.py": "from common.web import with_retries\n\ndef f(u):\n    s = with_retries()\n    return s.get(u).text\n",
        "common/__init__.py": "",
        "common/web.py": f"import requests\n\n\ndef with_retries(seconds=3):\n    made = requests.Session()\n{made}    return made\n",
    }
    module = Workspace(files).module("jobs/x.py")
    (sent,) = SYSTEM.lift(module, Version(), lambda *_: None).facts
    assert isinstance(sent, HttpCalls)
    assert [told(call.timeout) for call in sent.calls] == [expected]


def test_a_window_of_buckets_is_no_page() -> None:
    code = "def f(u):\n    p = {'start': 1, 'end': 9, 'bucket_width': '1d', 'limit': 31}\n    return requests.get(u, params=p).json()\n"
    assert not [fact for fact in lifted(code) if isinstance(fact, PagedRequest)]


@pytest.mark.parametrize(
    ("use", "expected"),
    [
        ("print(r.text)", "unknown"),
        ("st.json(r.text)", "unknown"),
        ("store(r.text)", "none"),
        ("print(r.text)\n    store(r.text)", "none"),
    ],
)
def test_an_answer_that_is_only_shown(use: str, expected: str) -> None:
    code = f"import streamlit as st\n\ndef f(u):\n    r = requests.get(u)\n    {use}\n"
    calls = [call for fact in lifted(code) if isinstance(fact, HttpCalls) for call in fact.calls]
    assert [told(call.checked) for call in calls] == [expected]


@pytest.mark.parametrize(
    "code",
    [
        "from gql import Client, gql\nclient = Client(transport=None)\n\ndef f():\n    return client.execute(gql('{ a }'))\n",
        "from gql import Client, gql\n\ndef f(t):\n    with Client(transport=t) as session:\n        return session.execute(gql('{ a }'))\n",
        "from python_graphql_client import GraphqlClient\n\ndef f():\n    return GraphqlClient('http://x').execute(query='{ a }')\n",
        "from sgqlc.endpoint.http import HTTPEndpoint\n\ndef f():\n    endpoint = HTTPEndpoint('http://x')\n    return endpoint('{ a }')\n",
    ],
)  # fmt: skip
def test_clients_of_graphql_reach_the_network(code: str) -> None:
    module = Workspace({"jobs/x.py": code}).module("jobs/x.py")
    found = scope_effects(module, module.locate(f"{module.prefix}.f"))
    assert Effect.NETWORK in found.effects


@pytest.mark.parametrize(
    ("handler", "offered"),
    [
        ("except Exception:\n        return None", False),
        ("except requests.RequestException as error:\n        give_up(error)", False),
        ("except requests.HTTPError:\n        raise", True),
        ("except (ValueError, KeyError):\n        return None", True),
    ],
)
def test_repeating_a_function_takes_a_failure_that_leaves_it(handler: str, offered: bool) -> None:
    (calls,) = lifted(f"def f(u):\n    try:\n        return requests.get(u, timeout=5).json()\n    {handler}\n")
    assert isinstance(calls, HttpCalls)
    assert bool(calls.calls[0].add_retries) is offered


def test_what_is_unpacked_is_no_page_of_an_error() -> None:
    (calls,) = lifted(
        "import gzip\ndef f(u):\n    r = requests.get(u, stream=True)\n"
        "    with gzip.GzipFile(fileobj=r.raw) as lines:\n        return list(lines)\n"
    )
    assert isinstance(calls, HttpCalls)
    checked = calls.calls[0].checked
    assert isinstance(checked, Absent) and isinstance(checked.default, Known)


@pytest.mark.parametrize(
    ("body", "offered"),
    [
        ("return r.json()", True),
        ("for row in r.json():\n        yield row", False),
        ("return [each for each in r.json()]", True),
        ("return r.json() if r.ok else abort(502)", False),
        ("if not r.ok:\n        raise HTTPException(502)\n    return r.json()", False),
    ],
)
def test_no_function_is_repeated_whose_call_does_not_fail_or_answers_for_a_service(body: str, offered: bool) -> None:
    (calls,) = lifted(f"def f(u):\n    r = requests.get(u, timeout=5)\n    {body}\n")
    assert isinstance(calls, HttpCalls)
    assert bool(calls.calls[0].add_retries) is offered
