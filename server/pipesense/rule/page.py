"""A rule's page: the Markdown beside its code, read once into hovers, documentation and tests.

Layout: ``# title``, one summary sentence, then free sections. Fenced blocks whose info string starts with
``<language> <verdict>`` are examples; the verdict is ``invalid``, ``valid``, ``fixed`` or ``context``.
``file=<path>`` names the block's file, so that several blocks under one heading make a small workspace.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from pipesense.text.regex import regex

_FENCE: Final = regex(r"^(`{3,})[ \t]*(?P<info>[^`\n]*)$")
_ON_THE_PAGE: Final = "Examples|Options|Fix safety|When to ignore"
"""Sections that people read who have the time for a page."""
_SHORT: Final = 16
"""Lines of examples that a hover shows."""
_SUFFIX: Final = {"python": ".py", "sql": ".sql", "toml": ".toml", "yaml": ".yml", "json": ".json"}


@dataclass(frozen=True, slots=True)
class Example:
    """One fenced block. ``line`` is the 1-based line of its first content line in the page.

    ``heading`` is the nearest heading above; ``rule.harness`` says which blocks under it belong together.
    """

    language: str
    verdict: str
    file: str
    text: str
    line: int
    heading: str
    fix: str | None
    """The title of the fix that gives a ``fixed`` block (``fix="..."``), where there are several."""


@dataclass(frozen=True, slots=True)
class Page:
    """A parsed page; ``body`` is everything below the summary."""

    title: str
    summary: str
    body: str
    examples: tuple[Example, ...]

    def section(self, heading: str) -> str | None:
        """The text under the ``##`` heading of that name, or None."""
        found = _section(heading).search(self.body)
        return found.group(1).strip() if found else None

    @property
    def teaching(self) -> str:
        """The whole page as people read it: examples are labelled, and say nothing to the tests any more."""
        return strip_examples(self.body)

    @property
    def brief(self) -> str:
        """The page for somebody who asks once: of its examples the first that is reported, and its fix.

        Equal to ``teaching`` where there is nothing to leave out.
        """
        pair = self._pair()
        if not pair or len(self.examples) <= len(pair):
            return self.teaching
        shown = "\n\n".join(f"{_LABEL[each.verdict]}\n\n```{each.language}\n{_shown(each)}\n```" for each in pair)
        return strip_examples(_section("Examples").sub(lambda _: f"## Examples\n\n{shown}\n\n", self.body)).rstrip()

    @property
    def lesson(self) -> str:
        """What fits a hover: why, how it fails, the pattern, when it is right, and an example if that is short.

        Headings become bold words: editors show those of Markdown in letters that fill a hover.
        """
        without = re.sub(rf"^## (?:{_ON_THE_PAGE})[ \t]*\n.*?(?=^## |\Z)", "", self.body, flags=re.S | re.M).strip()
        text = re.sub(r"^#{2,} +(.+?)[ \t]*$", r"**\1**", without, flags=re.M)
        pair = [(each, _shown(each)) for each in self._pair()]
        if sum(shown.count("\n") + 1 for _, shown in pair) <= _SHORT:
            text = "\n\n".join(
                [text, *(f"{_LABEL[each.verdict]}\n\n```{each.language}\n{shown}\n```" for each, shown in pair)]
            )
        return re.sub(r"\[([^\]\n]+)\]\((?!https?:)[^)\n]*\)", r"**\1**", text)

    def _pair(self) -> tuple[Example, ...]:
        """The first example that is reported, and what its fix makes of it where the page shows that."""
        for first, then in zip(self.examples, (*self.examples, None)[1:], strict=True):
            if first.verdict == "invalid":
                fixed = then is not None and then.verdict == "fixed" and then.file == first.file
                return (first, then) if fixed and then is not None else (first,)
        return ()


def _section(heading: str) -> re.Pattern[str]:
    return re.compile(rf"^## {re.escape(heading)}[ \t]*\n(.*?)(?=^## |\Z)", re.S | re.M)


def _attributes(info: str) -> dict[str, str]:
    return {name: quoted or plain for name, quoted, plain in re.findall(r"(\w+)=(?:\"([^\"]*)\"|(\S+))", info)}


def parse_page(text: str) -> Page:
    """Read a page. Nothing is refused here; the harness insists on what a page must have."""
    lines = text.splitlines()
    title = lines[0].removeprefix("# ").strip() if lines and lines[0].startswith("# ") else ""
    rest = "\n".join(lines[1:] if title else lines).strip()
    summary, _, body = rest.partition("\n\n")
    return Page(title, " ".join(summary.split()), body.strip(), tuple(_examples(lines)))


def _examples(lines: list[str]) -> list[Example]:
    found: list[Example] = []
    heading = ""
    at = 0
    while at < len(lines):
        fence = _FENCE.match(lines[at])
        if fence is None:
            if lines[at].startswith("#"):
                heading = lines[at].lstrip("#").strip()
            at += 1
            continue
        end = next(
            (index for index in range(at + 1, len(lines)) if lines[index].rstrip() == fence.group(1)),
            len(lines),
        )
        words = fence.group("info").split()
        if len(words) > 1 and words[1] in ("invalid", "valid", "fixed", "context"):
            attributes = _attributes(fence.group("info"))
            found.append(
                Example(
                    language=words[0],
                    verdict=words[1],
                    file=attributes.get("file", "example" + _SUFFIX.get(words[0], ".txt")),
                    text="\n".join(lines[at + 1 : end]) + "\n",
                    line=at + 2,
                    heading=heading,
                    fix=attributes.get("fix"),
                )
            )
        at = end + 1
    return found


_EXPECTATION: Final = regex(r"[ \t]*(?:#|--)[ \t]*(?:error|warning|info|hint): \[[\w/-]+\].*$", re.M)


def strip_expectations(text: str) -> str:
    """An example's text without the trailing comments that say what must be found."""
    return _EXPECTATION.sub("", text)


_LABEL: Final = {"invalid": "Reported:", "fixed": "Fixed:", "valid": "Fine:", "context": "Beside it:"}


def _shown(example: Example) -> str:
    return strip_expectations(example.text).strip("\n")


def strip_examples(body: str) -> str:
    """A page's body as people read it: expectations gone, verdicts as words above their blocks."""

    def label(found: re.Match[str]) -> str:
        name = _attributes(found["rest"]).get("file")
        said = _LABEL[found["verdict"]]
        return f"{said[:-1]} ({name}):\n\n{found['fence']}" if name else f"{said}\n\n{found['fence']}"

    without = _EXPECTATION.sub("", body)
    pattern = r"^(?P<fence>`{3,}\w+)[ \t]+(?P<verdict>invalid|valid|fixed|context)\b(?P<rest>.*)$"
    return re.sub(pattern, label, without, flags=re.M)
