"""Passwords, keys and tokens in Python files."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from pipesense.lang.python.module import Module
from pipesense.model.change import Change, Refusal, Replace
from pipesense.model.value import Version
from pipesense.systems.system import Embed, Lifted, PythonSystem


def _version(module: Module, files: Mapping[str, str], configured: str | None) -> Version:
    """A secret has no version."""
    return Version()


def _lift(module: Module, version: Version, embed: Embed) -> Lifted:
    from pipesense.systems.credentials.lift import lift

    return lift(module)


def _write(change: Change, module: Module, version: Version) -> tuple[Replace, ...] | Refusal:
    """Facts of this system carry their own edits."""
    return Refusal("a secret has no such setting")


SYSTEM: Final = PythonSystem(
    "credentials",
    (
        *(
            "://",
            "password",
            "PASSWORD",
            "Password",
            "passwd",
            "PASSWD",
            "pwd",
            "PWD",
            "secret",
            "SECRET",
            "api_key",
            "API_KEY",
        ),
        *("apikey", "APIKEY", "access_key", "ACCESS_KEY", "token", "TOKEN", "private_key", "PRIVATE"),
        *("AKIA", "ASIA", "ghp_", "gho_", "github_pat_", "glpat-", "xox", "_live_", "AIza", "dapi", "SG."),
    ),
    (),
    _version,
    _lift,
    _write,
)
