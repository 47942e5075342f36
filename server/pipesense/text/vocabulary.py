"""What a text is made of, for those who look for hundreds of signs in it."""

from __future__ import annotations

from functools import lru_cache


@lru_cache(maxsize=2)
def vocabulary(text: str) -> str:
    """What stands between the blanks of a text, each once, in no order.

    A sign without blanks stands in it if, and only if, it stands in the text, which is two or three times as long.
    """
    return "\n".join(set(text.split()))


def may_hold(words: str, sign: str) -> bool:
    """Whether a text with such a vocabulary may hold a sign; certain where the sign has no blanks."""
    return sign in words or (" " in sign and all(part in words for part in sign.split()))
