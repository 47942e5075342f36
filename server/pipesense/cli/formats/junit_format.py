"""JUnit XML: a suite per file, a failed case per finding, and a passed case for a file without any."""

from __future__ import annotations

from typing import Final
from xml.etree import ElementTree

from pipesense.cli.result import CheckResult, by_path
from pipesense.rule.meta import Severity
from pipesense.text.regex import regex

_NOT_XML: Final = regex("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Characters that XML 1.0 cannot hold, not even escaped."""


def render(result: CheckResult, level: Severity) -> str:
    """The result as an XML document."""
    groups = by_path(result.at_least(level))
    gaps: dict[str, list[str]] = {}
    for gap in result.not_analysed:
        gaps.setdefault(gap.path, []).append(f"line {gap.range.start.line}: {gap.why}")
    paths = sorted({*result.files, *groups, *gaps})
    top = ElementTree.Element("testsuites", name="pipesense", time=f"{result.seconds:.3f}")
    for path in paths:
        rows = groups.get(path, [])
        suite = ElementTree.SubElement(top, "testsuite", name=_clean(path), errors="0", time="0")
        for row in rows:
            place = f"{row.range.start.line}:{row.range.start.column}"
            case = _case(suite, path, f"{row.rule} at {place}")
            case.set("line", str(row.range.start.line))
            failure = ElementTree.SubElement(case, "failure", type=row.severity.word, message=_clean(row.what))
            failure.text = _clean(f"{path}:{place}: {row.message}")
        for why in gaps.get(path, []):
            ElementTree.SubElement(_case(suite, path, "not analysed"), "skipped", message=_clean(why))
        if not rows and path not in gaps:
            _case(suite, path, "pipesense")
        suite.set("tests", str(len(suite)))
        suite.set("failures", str(len(rows)))
        suite.set("skipped", str(len(gaps.get(path, []))))
    own = [*result.problems, *result.failures]
    if own:
        suite = ElementTree.SubElement(top, "testsuite", name="pipesense", time="0", failures="0", skipped="0")
        for text in own:
            ElementTree.SubElement(_case(suite, "pipesense", "check"), "error", message=_clean(text))
        suite.set("tests", str(len(own)))
        suite.set("errors", str(len(own)))
    for name in ("tests", "failures", "errors", "skipped"):
        top.set(name, str(sum(int(suite.get(name, "0")) for suite in top)))
    ElementTree.indent(top)
    return '<?xml version="1.0" encoding="utf-8"?>\n' + ElementTree.tostring(top, encoding="unicode") + "\n"


def _case(suite: ElementTree.Element, path: str, name: str) -> ElementTree.Element:
    return ElementTree.SubElement(suite, "testcase", classname=_clean(path), name=_clean(name), time="0")


def _clean(text: str) -> str:
    return _NOT_XML.sub("\N{REPLACEMENT CHARACTER}", text)
