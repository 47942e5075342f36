#!/usr/bin/env python3
"""Measure the latency of any stdio language server, as an editor sees it.

    lsp_latency.py --file models/orders.sql [options] -- SERVER [ARG ...]

One run: spawn the server, initialize, open FILE, wait for the first diagnostics, then type N characters one
at a time in the middle of the file.  Each keystroke is timed from the moment the didChange bytes are written
to the moment the matching diagnostics have been read (push: publishDiagnostics; pull: the response to
textDocument/diagnostic).  The document is in a new state after every keystroke, so that a cache keyed on the
whole text cannot answer.

Reported: spawn -> initialize response, spawn -> first diagnostics, p50/p95/max per keystroke, CPU
milliseconds per keystroke of the server's whole process tree, memory at the start, along the way and at the
end, and how noisy the machine was (wall/CPU of a fixed loop run before and after).
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import re
import statistics
import sys
from dataclasses import asdict, dataclass, field
from pathlib import Path

from lsp_client import TIMED_OUT, Client, Json, ServerDied, machine_noise, tree_cpu_ms, tree_rss_mb

LANGUAGES = {".py": "python", ".sql": "sql", ".yml": "yaml", ".yaml": "yaml", ".json": "json"}
TYPED = "abcdefghijklmnopqrstuvwxyz"
TRACKED = 10  # memory is looked at this often over a run


@dataclass
class Result:
    """One server on one file; times in milliseconds, memory in MB."""

    command: str
    file: str
    lines: int
    mode: str
    sync: str
    spawn_to_initialize_ms: float = 0
    spawn_to_first_diagnostics_ms: float | None = None
    open_to_first_diagnostics_ms: float | None = None
    first_diagnostics: int = 0
    diagnostics: int = 0
    edits: int = 0
    timeouts: int = 0
    p50_ms: float | None = None
    p95_ms: float | None = None
    max_ms: float | None = None
    min_ms: float | None = None
    mean_ms: float | None = None
    cpu_ms_per_edit: float | None = None
    startup_cpu_ms: float | None = None
    rss_open_mb: float | None = None
    rss_track_mb: list[float | None] = field(default_factory=list)
    rss_end_mb: float | None = None
    rss_peak_mb: float | None = None
    burst_settle_ms: float | None = None
    noise: list[float] = field(default_factory=list)
    requests: dict[str, dict[str, float]] = field(default_factory=dict)
    samples_ms: list[float] = field(default_factory=list)

    def sum_up(self, samples: list[float]) -> None:
        """Fill in the keystroke figures."""
        if samples:
            self.samples_ms = [round(s, 3) for s in samples]
            self.edits = len(samples)
            self.p50_ms, self.p95_ms = quantile(samples, 0.5), quantile(samples, 0.95)
            self.min_ms, self.max_ms = round(min(samples), 3), round(max(samples), 3)
            self.mean_ms = round(statistics.fmean(samples), 3)


def quantile(xs: list[float], q: float) -> float:
    """The sample at that share of the sorted list."""
    xs = sorted(xs)
    return round(xs[min(len(xs) - 1, int(len(xs) * q))], 3)


def utf16(s: str) -> int:
    """Length in UTF-16 code units, the protocol's default."""
    return len(s.encode("utf-16-le")) // 2


def edit_position(text: str, args: argparse.Namespace) -> tuple[int, int]:
    """(line, character) where typing starts: by default the end of an identifier in the middle."""
    lines = text.split("\n")
    if args.line is not None:
        return args.line, args.character
    pattern = re.compile(args.find or r"[A-Za-z_]\w{2,}")
    middle = int(len(lines) * args.at)
    for n in sorted(range(len(lines)), key=lambda i: (abs(i - middle), i)):
        if not args.find and lines[n].lstrip().startswith(("#", "--", "{", '"""')):
            continue
        if m := pattern.search(lines[n]):
            return n, utf16(lines[n][: m.end()])
    raise SystemExit("no place to type found: pass --line/--character or --find")


class Typist:
    """Types into a copy of the text and tells what to send.

    With ``wrap`` the word typed so far is replaced by the next character once it is that long, and the
    characters are drawn at random (always the same ones), so that ten thousand keystrokes neither repeat a
    state of the document nor grow one endless identifier.
    """

    def __init__(self, text: str, place: tuple[int, int], typed: str, wrap: int) -> None:
        self.lines = text.split("\n")
        self.line, self.character = place
        self.typed, self.wrap = typed, wrap
        self.version, self.count, self.length = 1, 0, 0
        self._random = random.Random(1)

    @property
    def text(self) -> str:
        return "\n".join(self.lines)

    def next_change(self) -> Json:
        """Type one character; the content change that says so."""
        replaced = self.length if self.wrap and self.length >= self.wrap else 0
        char = self._random.choice(self.typed) if self.wrap else self.typed[self.count % len(self.typed)]
        start = self.character if replaced else self.character + self.length
        units = self.lines[self.line].encode("utf-16-le")
        head, tail = units[: start * 2], units[(start + replaced) * 2 :]
        self.lines[self.line] = (head + char.encode("utf-16-le") + tail).decode("utf-16-le")
        self.version, self.count = self.version + 1, self.count + 1
        self.length = 1 if replaced else self.length + 1
        span = {
            "start": {"line": self.line, "character": start},
            "end": {"line": self.line, "character": start + replaced},
        }
        return {"range": span, "rangeLength": replaced, "text": char}


class Session:
    """One spawned server, one open file, and the figures taken so far."""

    def __init__(self, args: argparse.Namespace) -> None:
        self.args = args
        self.path = Path(args.file).resolve()
        self.root = Path(args.root).resolve() if args.root else self.path.parent
        self.text = self.path.read_text(encoding="utf-8")
        self.uri = self.path.as_uri()
        self.language = args.language or LANGUAGES.get(self.path.suffix, "plaintext")
        settings = json.loads(args.settings) if args.settings else {}
        self.client = Client(args.command, str(self.root), settings)
        self.typist = Typist(self.text, edit_position(self.text, args), args.type, args.wrap)
        self.incremental = True
        self.result = Result(" ".join(args.command), str(self.path), self.text.count("\n") + 1, args.mode, "")

    async def run(self) -> Result:
        noise = [machine_noise()]
        await self.client.start()
        try:
            await self.begin()
            await self.type_all()
            if self.args.burst and self.args.mode == "push":
                await self.burst()
            self.result.rss_end_mb = tree_rss_mb(self.client.pid)
            self.result.rss_peak_mb = tree_rss_mb(self.client.pid, "VmHWM")
            self.result.noise = [*noise, machine_noise()]
            return self.result
        finally:
            await self.client.stop()
            if self.args.save:
                self.path.write_text(self.text, encoding="utf-8")

    async def begin(self) -> None:
        """Initialize, open the file, and time the first diagnostics."""
        args, r, client = self.args, self.result, self.client
        options = json.loads(args.init_options) if args.init_options else None
        at, init = await client.initialize(self.root, options, args.mode == "pull", args.timeout)
        sync = init["capabilities"].get("textDocumentSync")
        kind = sync if isinstance(sync, int) else (sync or {}).get("change", 1)
        self.incremental = kind == 2 if args.sync == "auto" else args.sync == "incremental"
        r.sync = "incremental" if self.incremental else "full"
        r.spawn_to_initialize_ms = round((at - client.spawned) * 1e3, 1)
        await asyncio.sleep(args.settle)
        opened = client.open(self.path, self.language, self.text)
        try:
            at, items = await self.findings(1)
            r.spawn_to_first_diagnostics_ms = round((at - client.spawned) * 1e3, 1)
            r.open_to_first_diagnostics_ms = round((at - opened) * 1e3, 1)
            r.first_diagnostics = len(items)
        except TIMED_OUT:
            r.timeouts += 1
        await asyncio.sleep(args.quiet)
        client.forget_publishes()
        r.startup_cpu_ms = tree_cpu_ms(client.pid)
        r.rss_open_mb = tree_rss_mb(client.pid)

    async def findings(self, version: int) -> tuple[float, list[Json]]:
        """(read at, diagnostics) of that version, by the way this run uses."""
        if self.args.mode == "pull":
            return await self.client.pull(self.uri, self.args.timeout)
        return await self.client.next_publish(self.uri, version, self.args.timeout)

    def key(self) -> float:
        """Send one keystroke; the moment it was written."""
        change = self.typist.next_change()
        if not self.incremental:
            change = {"text": self.typist.text}
        if self.args.save:
            self.path.write_text(self.typist.text, encoding="utf-8")
        document = {"uri": self.uri, "version": self.typist.version}
        at = self.client.notify("textDocument/didChange", {"textDocument": document, "contentChanges": [change]})
        if self.args.save:
            self.client.notify("textDocument/didSave", {"textDocument": {"uri": self.uri}})
        return at

    async def type_all(self) -> None:
        """Type the warm-up and the measured characters, each answered before the next."""
        args, r, client = self.args, self.result, self.client
        samples: list[float] = []
        probes: dict[str, list[float]] = {m: [] for m in args.request}
        items: list[Json] = []
        cpu = None
        for i in range(args.warmup + args.edits):
            measured = i >= args.warmup
            if i == args.warmup:
                cpu = tree_cpu_ms(client.pid)
            client.forget_publishes()
            sent = self.key()
            try:
                at, items = await self.findings(self.typist.version)
                r.diagnostics = len(items)
                if measured:
                    samples.append((at - sent) * 1e3)
            except TIMED_OUT:
                r.timeouts += 1
                if r.timeouts >= 3 and not samples:
                    break
            for method, times in probes.items():
                took = await self.probe(method, items)
                if measured and took is not None:
                    times.append(took)
            if measured and (i - args.warmup + 1) % max(1, args.edits // TRACKED) == 0:
                r.rss_track_mb.append(tree_rss_mb(client.pid))
            if args.gap:
                await asyncio.sleep(args.gap)
        r.sum_up(samples)
        after = tree_cpu_ms(client.pid)
        if cpu is not None and after is not None and samples:
            r.cpu_ms_per_edit = round((after - cpu) / args.edits, 2)
        r.requests = {m: {"p50_ms": quantile(v, 0.5), "p95_ms": quantile(v, 0.95)} for m, v in probes.items() if v}

    async def probe(self, method: str, items: list[Json]) -> float | None:
        """Milliseconds one more request takes at the place of typing; None when it was refused."""
        place = {"line": self.typist.line, "character": self.typist.character}
        params: Json = {"textDocument": {"uri": self.uri}, "position": place}
        if method == "textDocument/codeAction":
            params = {
                "textDocument": {"uri": self.uri},
                "range": {"start": place, "end": place},
                "context": {"diagnostics": items[:5], "triggerKind": 1},
            }
        sent, at, answer = await self.client.request(method, params, self.args.timeout)
        return None if "error" in answer else (at - sent) * 1e3

    async def burst(self) -> None:
        """Keys at a fixed rhythm while nobody waits: how long after the last one do its diagnostics come?"""
        self.client.forget_publishes()
        sent = 0.0
        for _ in range(self.args.burst):
            sent = self.key()
            await asyncio.sleep(self.args.burst_interval)
        last = None
        try:
            while True:
                patience = self.args.timeout if last is None else 1.0
                last, _ = await self.client.next_publish(self.uri, self.typist.version, patience)
        except TIMED_OUT:
            pass
        self.result.burst_settle_ms = round((last - sent) * 1e3, 1) if last else None


def pooled(runs: list[Result]) -> Result:
    """Several runs as one: samples together, the other figures by their median."""
    r = runs[0]
    if len(runs) == 1:
        return r
    r.sum_up([s for x in runs for s in x.samples_ms])
    for name in (
        "spawn_to_initialize_ms",
        "spawn_to_first_diagnostics_ms",
        "open_to_first_diagnostics_ms",
        "cpu_ms_per_edit",
        "startup_cpu_ms",
        "rss_open_mb",
        "rss_end_mb",
        "rss_peak_mb",
        "burst_settle_ms",
    ):
        values = [v for x in runs if (v := getattr(x, name)) is not None]
        setattr(r, name, round(statistics.median(values), 2) if values else None)
    r.requests = {
        m: {
            q: round(statistics.median([x.requests[m][q] for x in runs if m in x.requests]), 3)
            for q in ("p50_ms", "p95_ms")
        }
        for m in r.requests
    }
    r.timeouts = sum(x.timeouts for x in runs)
    r.noise = [n for x in runs for n in x.noise]
    return r


def line(r: Result, label: str, burst: bool) -> str:
    """The result in one line."""
    first = "-" if r.spawn_to_first_diagnostics_ms is None else f"{r.spawn_to_first_diagnostics_ms:.0f}"
    more = f" | burst {r.burst_settle_ms} ms" if burst else ""
    more += "".join(f" {m.split('/')[-1]} p50 {v['p50_ms']}" for m, v in r.requests.items())
    return (
        f"{label:24s} {Path(r.file).name:12s} {r.mode}/{r.sync[:4]} "
        f"init {r.spawn_to_initialize_ms:7.0f} first {first:>7s} | "
        f"p50 {r.p50_ms} p95 {r.p95_ms} max {r.max_ms} cpu/edit {r.cpu_ms_per_edit} ms "
        f"n={r.edits} to={r.timeouts} | diags {r.first_diagnostics}->{r.diagnostics} | "
        f"rss {r.rss_open_mb} -> {r.rss_end_mb} (peak {r.rss_peak_mb}) MB{more} | noise {r.noise}"
    )


def parser() -> argparse.ArgumentParser:
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add = p.add_argument
    add("--file", required=True)
    add("--root", help="workspace root (default: the file's folder)")
    add("--language", help="languageId (default: by suffix)")
    add("--edits", type=int, default=40)
    add("--warmup", type=int, default=5)
    add("--line", type=int, help="0-based")
    add("--character", type=int, default=0)
    add("--find", help="type after the match of this regex nearest the place of --at")
    add("--at", type=float, default=0.5, help="where in the file to type: 0 top, 0.5 middle, 1 end")
    add("--type", default=TYPED, help="characters to type, in turn")
    add("--wrap", type=int, default=0, help="start the word again after this many characters")
    add("--mode", choices=("push", "pull"), default="push")
    add("--sync", choices=("auto", "full", "incremental"), default="auto")
    add("--settings", help="JSON answered to workspace/configuration, sent once as didChangeConfiguration")
    add("--init-options", help="JSON")
    add("--request", action="append", default=[], help="also time this request after each edit (hover, …)")
    add("--save", action="store_true", help="write the file and send didSave after each key (restored later)")
    add("--burst", type=int, default=0, help="type this many keys unanswered, then time the last one's answer")
    add("--burst-interval", type=float, default=0.03, help="seconds between those keys")
    add("--gap", type=float, default=0.03, help="seconds between answered keystrokes")
    add("--quiet", type=float, default=0.7, help="seconds to wait after the first diagnostics")
    add("--settle", type=float, default=0.0, help="seconds between initialize and didOpen")
    add("--timeout", type=float, default=60.0)
    add("--repeat", type=int, default=1, help="whole runs (fresh server each); samples are pooled")
    add("--json", help="append the result here as one JSON line")
    add("--label", default="")
    return p


def main(argv: list[str] | None = None) -> int:
    argv = sys.argv[1:] if argv is None else argv
    command: list[str] = []
    if "--" in argv:
        cut = argv.index("--")
        argv, command = argv[:cut], argv[cut + 1 :]
    p = parser()
    args = p.parse_args(argv)
    if not command:
        p.error("give the server command after --")
    args.command = command
    label = args.label or Path(command[0]).name
    runs: list[Result] = []
    for _ in range(args.repeat):
        try:
            runs.append(asyncio.run(Session(args).run()))
        except (*TIMED_OUT, ServerDied, OSError) as e:
            print(f"{label:24s} FAILED: {type(e).__name__} {str(e)[-600:]}", file=sys.stderr)
            return 1
    r = pooled(runs)
    if args.json:
        with open(args.json, "a", encoding="utf-8") as f:
            f.write(json.dumps({"label": args.label, **asdict(r)}) + "\n")
    print(line(r, label, bool(args.burst)), flush=True)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
