"""A PostgreSQL server of the tests' own: on the loopback address, in a folder of its own, gone afterwards."""

from __future__ import annotations

import os
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import psycopg
import pytest

_STARTING = 30
"""Seconds that a server may take to answer."""


def binaries() -> Path | None:
    """The folder with ``initdb`` and ``postgres``: the system's newest, else the one that a package brings."""
    candidates = [Path(found).resolve().parent for name in ("initdb",) if (found := shutil.which(name))]
    candidates += sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    package = find_spec("pgserver")
    for place in package.submodule_search_locations or () if package is not None else ():
        candidates.append(Path(place) / "pginstall" / "bin")
    return next((each for each in candidates if (each / "initdb").exists() and (each / "postgres").exists()), None)


def unprivileged() -> dict[str, Any]:
    """As whom the server runs: PostgreSQL refuses to be run by root."""
    if os.geteuid() != 0:
        return {}
    for name in ("postgres", "nobody"):
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": ()}
    pytest.skip("there is no user but root, whom PostgreSQL refuses")


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


@pytest.fixture(scope="session")
def server() -> Iterator[str]:
    """The connection string of a running server."""
    folder = binaries()
    if folder is None:
        pytest.skip("no PostgreSQL server is installed (apt-get install postgresql)")
    identity = unprivileged()
    with tempfile.TemporaryDirectory(prefix="pipesense-postgres-", ignore_cleanup_errors=True) as home:
        password = secrets.token_hex(16)
        secret = Path(home, "password")
        secret.write_text(password, encoding="ascii")
        if identity:
            for path in (home, secret):
                os.chown(path, identity["user"], identity["group"])
        data = Path(home, "data")
        environment = {"PATH": os.environ.get("PATH", ""), "LC_ALL": "C", "TZ": "UTC", "HOME": home}
        made = subprocess.run(
            [folder / "initdb", "-D", data, "-U", "tester", "-A", "scram-sha-256", f"--pwfile={secret}", "--no-sync"],
            cwd=home,
            env=environment,
            capture_output=True,
            text=True,
            **identity,
        )
        assert made.returncode == 0, made.stderr
        port = free_port()
        settings = {
            "listen_addresses": "127.0.0.1",
            "port": str(port),
            "unix_socket_directories": "",
            "fsync": "off",
            "timezone": "UTC",
        }
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        log = Path(home, "log")
        with log.open("wb") as output:
            process = subprocess.Popen(
                [folder / "postgres", "-D", data, *options],
                cwd=home,
                env=environment,
                stdout=output,
                stderr=output,
                **identity,
            )
            try:
                address = f"host=127.0.0.1 port={port} user=tester password={password} dbname=postgres"
                _await(address, process, log)
                yield address
            finally:
                process.send_signal(signal.SIGINT)  # at once, whoever is still connected
                process.wait(_STARTING)


def _await(address: str, process: subprocess.Popen[bytes], log: Path) -> None:
    until = time.monotonic() + _STARTING
    while True:
        assert process.poll() is None, log.read_text(errors="replace")
        try:
            psycopg.connect(address, connect_timeout=2).close()
            return
        except psycopg.OperationalError:
            assert time.monotonic() < until, log.read_text(errors="replace")
            time.sleep(0.1)


def told() -> str:
    """Which server the tests ran on."""
    folder = binaries()
    if folder is None:
        return "no PostgreSQL"
    version = subprocess.run([folder / "postgres", "--version"], capture_output=True, text=True).stdout.strip()
    return f"{version} in {folder}"
