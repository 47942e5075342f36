"""Findings as the protocol's diagnostics, written as JSON text.

A file's findings are written anew at every keystroke, and most differ only in their line. So the part of a
diagnostic that does not depend on its place is kept as text, and only the range is formatted.
"""

from __future__ import annotations

import json
from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import compress, count, repeat
from operator import attrgetter, is_, itemgetter, not_, sub
from typing import Final, cast

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

_RELATED: Final = attrgetter("related")
_BEFORE: Final = (-1).__add__

_Key = tuple[str, str, int, str]
_Range = tuple[int, int, int, int]
"""Line and character of the start and of the end."""


@dataclass(frozen=True, slots=True)
class _Written:
    """What was written for the findings of a file: what does not depend on their places, and these."""

    tails: dict[_Key, str]
    ranges: dict[_Range, str]


def _missing(column: Sequence[object]) -> list[int]:
    """At which places of a column nothing stands."""
    return list(compress(count(), map(is_, column, repeat(None))))


@dataclass(slots=True)
class DiagnosticWriter:
    """Writes findings for one client. ``uri_of`` and ``text_of`` answer for related places in other files."""

    profile: ClientProfile
    encoding: PositionEncoding
    uri_of: Callable[[str], str]
    text_of: Callable[[str], TextBuffer | None]
    documentation: str | None = None
    _known: dict[str, _Written] = field(default_factory=dict)

    def items(self, path: str, findings: Sequence[Reported], buffer: TextBuffer) -> str:
        """A JSON array (ASCII) of the findings of one file."""
        hidden = len(findings) - SHOWN_PER_FILE
        if hidden > 0:
            worst = sorted(findings, key=lambda each: each.severity)[:SHOWN_PER_FILE]
            findings = sorted(worst, key=lambda each: each.span)
        known = self._known.get(path, _Written({}, {}))
        keys = list(map(_KEY, findings))
        tails = list(map(known.tails.get, keys))
        for at in _missing(tails):
            tails[at] = self._tail(findings[at])
        told = cast("list[str]", tails)
        self._known[path] = now = _Written(dict(zip(keys, told, strict=True)), {})
        ranges = self._ranges(findings, buffer, known.ranges, now.ranges)
        if self.profile.related_information:
            for at in compress(count(), map(_RELATED, findings)):
                told[at] = self._related(findings[at]) + told[at]
        written = list(map("".join, zip(repeat('{"range":'), ranges, repeat(","), told, strict=False)))
        if hidden > 0:
            written.append(_summary(hidden))
        return f"[{','.join(written)}]"

    def kept(self) -> int:
        """Of how many findings a text is kept."""
        return sum(len(each.tails) for each in self._known.values())

    def forget(self, path: str | None = None) -> None:
        """Drop the texts kept for a file, or for all."""
        if path is None:
            self._known.clear()
        else:
            self._known.pop(path, None)

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

    def _ranges(
        self, findings: Sequence[Reported], buffer: TextBuffer, known: Mapping[_Range, str], now: dict[_Range, str]
    ) -> list[str]:
        """The ranges of findings as JSON; those that are ``known`` are taken over into ``now``.

        Hundreds of findings stand where they stood: lines are looked for all at once, and only a text in which a code
        point may be more than one unit is asked for its columns.
        """
        text, lines = buffer.text, buffer.lines.starts
        spans = list(map(_SPAN, findings))
        starts, ends = list(map(_START, spans)), list(map(_END, spans))
        first = list(map(_BEFORE, map(bisect_right, repeat(lines), starts)))
        last = list(map(_BEFORE, map(bisect_right, repeat(lines), ends)))
        begins = list(map(lines.__getitem__, first))
        columns = map(sub, starts, begins), map(sub, ends, map(lines.__getitem__, last))
        places = list(zip(first, columns[0], last, columns[1], strict=True))
        written = list(map(known.get, places))
        for at in _missing(written):
            line, character, end_line, end_character = places[at]
            written[at] = (
                f'{{"start":{{"line":{line},"character":{character}}},'
                f'"end":{{"line":{end_line},"character":{end_character}}}}}'
            )
        ranges = cast("list[str]", written)
        now.update(zip(places, ranges, strict=True))
        if self.encoding is not PositionEncoding.UTF32 and not text.isascii():
            before = map(text.__getitem__, map(slice, begins, ends))
            for at in compress(count(), map(not_, map(str.isascii, before))):
                ranges[at] = self.range(spans[at], buffer)
        return ranges

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
