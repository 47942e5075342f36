"""How far two names are apart, to tell a slip of the fingers from another word."""

from __future__ import annotations

from collections.abc import Iterable


def distance(one: str, other: str, most: int) -> int:
    """How many letters must be added, dropped, changed or swapped with their neighbour; ``most`` + 1 for more.

    The optimal string alignment distance: each pair of neighbours is swapped at most once.
    """
    if abs(len(one) - len(other)) > most:
        return most + 1
    before: list[int] = []
    above = list(range(len(other) + 1))
    for row, letter in enumerate(one, 1):
        current = [row]
        for column, its in enumerate(other, 1):
            best = min(above[column] + 1, current[-1] + 1, above[column - 1] + (letter != its))
            if row > 1 and column > 1 and letter == other[column - 2] and one[row - 2] == its:
                best = min(best, before[column - 2] + 1)
            current.append(best)
        if min(current) > most:
            return most + 1
        before, above = above, current
    return min(above[-1], most + 1)


def nearest(word: str, candidates: Iterable[str], most: int) -> str | None:
    """The one candidate that is nearest to a word and at most ``most`` letters away; None where two are as near."""
    found: list[tuple[int, str]] = []
    for candidate in candidates:
        apart = distance(word, candidate, most)
        if apart <= most:
            found.append((apart, candidate))
    found.sort()
    if not found or (len(found) > 1 and found[0][0] == found[1][0]):
        return None
    return found[0][1]
