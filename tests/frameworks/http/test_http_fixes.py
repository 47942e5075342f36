"""The fixes for requests over HTTP against a service that fails twice, hangs or refuses: the fixed file copes, the old one not."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from frameworks.proving import Script

pytestmark = pytest.mark.framework

PATIENCE = 30.0
"""Seconds after which a script counts as one that waits for ever."""

REQUESTS = """\
import requests


def orders(url):
    answer = requests.get(url, timeout=5)
    answer.raise_for_status()
    return answer.text
"""
HTTPX = """\
import httpx


def orders(url):
    answer = httpx.get(url)
    answer.raise_for_status()
    return answer.text
"""
ENDLESS = """\
import requests


def orders(url):
    answer = requests.get(url)
    answer.raise_for_status()
    return answer.text
"""
UNREAD = """\
import requests


def orders(url):
    answer = requests.get(url, timeout=5)
    return answer.text
"""


def run(text: str, service: Any, folder: Path) -> str:
    """What a script prints of its orders, or the last line of its error; "" where it never ends."""
    path = folder / "script.py"
    # The pause between attempts is the fix's own; here only how often it is asked matters.
    quick = text.replace("wait_random_exponential(max=60)", "wait_random_exponential(multiplier=0.01, max=0.05)")
    quick = quick.replace("timeout=30", "timeout=2")
    path.write_text(f"{quick}\n\nprint(orders({service.url!r}))\n", encoding="utf-8")
    try:
        ran = subprocess.run([sys.executable, str(path)], capture_output=True, text=True, timeout=PATIENCE)
    except subprocess.TimeoutExpired:
        return ""
    return (ran.stdout or ran.stderr).strip().splitlines()[-1]


@pytest.mark.parametrize("script", [REQUESTS, HTTPX], ids=["requests", "httpx"])
def test_a_service_that_fails_twice(script: str, service: Any, tmp_path: Path) -> None:
    service.answers = [503, 503, 200]
    assert "503" in run(script, service, tmp_path)
    assert service.asked == 1

    service.asked = 0
    fixed = Script(script).fixed("reliability/no-retries")
    assert "@retry(stop=stop_after_attempt(5)" in fixed
    assert run(fixed, service, tmp_path) == "42"
    assert service.asked == 3


def test_what_fails_for_good_still_fails(service: Any, tmp_path: Path) -> None:
    service.answers = [503]
    assert "503" in run(Script(REQUESTS).fixed("reliability/no-retries"), service, tmp_path)
    assert service.asked == 5


def test_a_service_that_never_answers(service: Any, tmp_path: Path) -> None:
    service.answers = [0]
    assert run(ENDLESS, service, tmp_path) == ""
    fixed = Script(ENDLESS).fixed("reliability/no-timeout")
    assert "timeout=30" in fixed
    assert "Read timed out" in run(fixed, service, tmp_path)


def test_httpx_gives_up_by_itself(service: Any, tmp_path: Path) -> None:
    service.answers = [0]
    assert "ReadTimeout" in run(HTTPX, service, tmp_path)


def test_a_refusal_is_not_taken_for_data(service: Any, tmp_path: Path) -> None:
    service.answers = [401]
    assert run(UNREAD, service, tmp_path) == "<html>Not today</html>"
    fixed = Script(UNREAD).fixed("quality/unchecked-status")
    assert "401" in run(fixed, service, tmp_path)
