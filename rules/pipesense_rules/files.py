"""What rules share about the names of files."""

from __future__ import annotations


def stem(path: str) -> str:
    """The last part of a path without its ending ("orders" of "/dags/orders.py")."""
    return path.rpartition("/")[2].removesuffix(".py")
