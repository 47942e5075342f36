"""Findings as the protocol's diagnostics, written as JSON text.

A file's findings are written anew at every keystroke, and most differ only in their line. So the part of a
diagnostic that does not depend on its place is kept as text, and only the range is formatted.
"""

from __future__ import annotations

import json
from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import repeat
from operator import attrgetter, itemgetter
from typing import Final

from pipesense.engine.report import Reported
from pipesense.lsp.capabilities import ClientProfile
from pipesense.text.buffer import TextBuffer
from pipesense.text.encoding import PositionEncoding
from pipesense.text.span import Span

SHOWN_PER_FILE: Final = 500
"""More findings than this in one file help nobody and slow every editor; a last one says how many there are."""

RELATED_SHOWN: Final = 3

SOURCE: Final = "pipesense"

_UNNECESSARY: Final = 1
_DEPRECATED: Final = 2

_KEY: Final = attrgetter("rule", "fingerprint", "severity", "message")
_SPAN: Final = attrgetter("span")
_json_text: Final = json.encoder.encode_basestring_ascii
"""A text as JSON, as ``json.dumps`` writes it."""
_START: Final = itemgetter(0)
_END: Final = itemgetter(1)

_Key = tuple[str, str, int, str]


@dataclass(slots=True)
class DiagnosticWriter:
    """Writes findings for one client. ``uri_of`` and ``text_of`` answer for related places in other files."""

    profile: ClientProfile
    encoding: PositionEncoding
    uri_of: Callable[[str], str]
    text_of: Callable[[str], TextBuffer | None]
    documentation: str | None = None
    _tails: dict[str, dict[_Key, str]] = field(default_factory=dict)

    def items(self, path: str, findings: Sequence[Reported], buffer: TextBuffer) -> str:
        """A JSON array (ASCII) of the findings of one file."""
        hidden = len(findings) - SHOWN_PER_FILE
        if hidden > 0:
            worst = sorted(findings, key=lambda each: each.severity)[:SHOWN_PER_FILE]
            findings = sorted(worst, key=lambda each: each.span)
        known = self._tails.get(path, {})
        keys = list(map(_KEY, findings))
        tails = [
            tail if tail is not None else self._tail(finding)
            for finding, tail in zip(findings, map(known.get, keys), strict=True)
        ]
        self._tails[path] = dict(zip(keys, tails, strict=True))
        related = self.profile.related_information
        written = [
            f'{{"range":{place},{self._related(finding) if related and finding.related else ""}{tail}'
            for finding, place, tail in zip(findings, self._ranges(findings, buffer), tails, strict=True)
        ]
        if hidden > 0:
            written.append(_summary(hidden))
        return f"[{','.join(written)}]"

    def forget(self, path: str | None = None) -> None:
        """Drop the texts kept for a file, or for all."""
        if path is None:
            self._tails.clear()
        else:
            self._tails.pop(path, None)

    def range(self, span: Span, buffer: TextBuffer) -> str:
        """A range as JSON, in the client's units."""
        lines, starts = buffer.lines, buffer.lines.starts
        line = bisect_right(starts, span.start) - 1
        if buffer.text[starts[line] : span.end].isascii() and bisect_right(starts, span.end) - 1 == line:
            # Every code point is one unit.
            begin = starts[line]
            return (
                f'{{"start":{{"line":{line},"character":{span.start - begin}}},'
                f'"end":{{"line":{line},"character":{span.end - begin}}}}}'
            )
        line, character = lines.client_position(span.start, self.encoding)
        end_line, end_character = lines.client_position(span.end, self.encoding)
        return (
            f'{{"start":{{"line":{line},"character":{character}}},'
            f'"end":{{"line":{end_line},"character":{end_character}}}}}'
        )

    def _ranges(self, findings: Sequence[Reported], buffer: TextBuffer) -> list[str]:
        """The ranges of findings as JSON.

        Hundreds of findings stand where they stood: lines are looked for all at once, and only a text in which a code
        point may be more than one unit is asked for its columns.
        """
        text, starts = buffer.text, buffer.lines.starts
        narrow = self.encoding is PositionEncoding.UTF32 or text.isascii()
        spans = list(map(_SPAN, findings))
        first = map(bisect_right, repeat(starts), map(_START, spans))
        last = map(bisect_right, repeat(starts), map(_END, spans))
        return [
            f'{{"start":{{"line":{line - 1},"character":{start - starts[line - 1]}}},'
            f'"end":{{"line":{end_line - 1},"character":{end - starts[end_line - 1]}}}}}'
            if narrow or text[starts[line - 1] : end].isascii()
            else self.range(Span(start, end), buffer)
            for (start, end), line, end_line in zip(spans, first, last, strict=True)
        ]

    def _tail(self, finding: Reported) -> str:
        fields: dict[str, object] = {
            "severity": int(finding.severity),
            "code": finding.rule,
            "source": SOURCE,
            "message": finding.message,
        }
        if self.documentation is not None:
            fields["codeDescription"] = {"href": f"{self.documentation}/{finding.rule}"}
        tags = _tags(finding.rule) & self.profile.diagnostic_tags
        if tags:
            fields["tags"] = sorted(tags)
        if self.profile.diagnostic_data:
            fields["data"] = {"fp": finding.fingerprint}
        return json.dumps(fields, separators=(",", ":"))[1:]

    def _related(self, finding: Reported) -> str:
        places = []
        for place in finding.related[:RELATED_SHOWN]:
            buffer = self.text_of(place.path)
            if buffer is not None:
                uri, text = _json_text(self.uri_of(place.path)), _json_text(place.text)
                places.append(
                    f'{{"location":{{"uri":{uri},"range":{self.range(place.span, buffer)}}},"message":{text}}}'
                )
        return f'"relatedInformation":[{",".join(places)}],' if places else ""


def _tags(rule: str) -> frozenset[int]:
    if rule.startswith("upgrade/"):
        return frozenset({_DEPRECATED})
    return frozenset({_UNNECESSARY}) if rule.endswith("/unused") else frozenset()


def _summary(hidden: int) -> str:
    start = {"line": 0, "character": 0}
    message = (
        f"{hidden} more findings in this file are not shown, because a list of more than {SHOWN_PER_FILE} slows the "
        "editor down. Run `pipesense check` to see them all, or ignore the rules that do not apply here."
    )
    return json.dumps(
        {"range": {"start": start, "end": start}, "severity": 3, "source": SOURCE, "message": message},
        separators=(",", ":"),
    )
