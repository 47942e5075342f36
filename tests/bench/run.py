"""Measure the language server beside its peers and write tests/bench/RESULTS.md.

    python tests/bench/run.py [--corpus DIR] [--quick]

The peers (ruff, sqruff, squawk) are installed into an environment in the user's cache.  A server that does
not start or answer costs its own rows, which say FAILED, and nothing else.  Exit code: 0, or 1 when a target
was missed or could not be measured.
"""

from __future__ import annotations

import argparse
import asyncio
import importlib.metadata
import json
import os
import platform
import re
import shlex
import statistics
import subprocess
import sys
import tempfile
import time
import venv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bench_results import LONG, OURS, TARGETS, WORST, Figures, Outcome, Sample, page, reached
from inputs import Input, build, cached, cold
from lsp_client import TIMED_OUT, Client, ServerDied, tree_rss_mb
from lsp_latency import LANGUAGES

HERE = Path(__file__).resolve().parent
PEERS = ("ruff==0.17.6", "sqruff==0.44.0", "squawk-cli==2.70.0")
HEAVY = ("pygls", "lsprotocol", "sqlglot")
UNCLOSED = "types the opener and four letters over and over, so that it opens and closes under the other keys"
EXAMPLES = HERE.parent.parent / "examples"


@dataclass(frozen=True, slots=True)
class Server:
    """A language server and how it gives its findings: squawk answers pulls and publishes nothing."""

    name: str
    command: tuple[str, ...]
    mode: str = "push"
    slow: bool = False


@dataclass(frozen=True, slots=True)
class Case:
    """Something typed into one input, by several servers in turn.  ``at`` is a share of the file."""

    name: str
    input: str
    servers: tuple[str, ...]
    note: str
    typed: str = ""
    at: float = 0.5
    edits: int = 0
    gap: float = 0.03
    wrap: int = 0
    once: bool = False


def unclosed(input_name: str, opener: str, place: str, at: float, gap: float = 0.03, edits: int = 0) -> Case:
    """The opener and four letters, over and over: it opens, closes and opens again under the other keys."""
    name = f"{WORST}{opener} in {input_name}, {place}{', every key after a rest' if gap > 0.3 else ''}"
    return Case(name, input_name, (OURS,), UNCLOSED, f"{opener}abcd", at, edits=edits, gap=gap)


def cases(long_run: int) -> tuple[Case, ...]:
    letters = "letters typed at the end of an identifier in the middle"
    long_note = f"{long_run} keystrokes without a pause; the word starts again after 12 letters"
    return (
        Case("P1", "P1", (OURS, "ruff"), letters),
        Case("P2", "P2", (OURS, "ruff"), letters),
        Case("Q1", "Q1", (OURS, "squawk", "sqruff"), letters),
        Case("S1", "S1", (OURS, "pipesense (pull)", "squawk", "sqruff"), letters),
        unclosed("S1", "'", "top", 0.01),
        unclosed("S1", "'", "middle", 0.5),
        unclosed("S1", "'", "top", 0.01, gap=0.5, edits=15),
        unclosed("S1", "$$", "top", 0.01),
        unclosed("S1", "(", "top", 0.01),
        unclosed("P2", '"""', "top", 0.02),
        unclosed("P2", '"""', "middle", 0.5),
        unclosed("P2", '"""', "top", 0.02, gap=0.5, edits=15),
        unclosed("P2", "(", "top", 0.02),
        unclosed("P2", "{", "middle", 0.5),
        Case(f"{LONG}P2", "P2", (OURS,), long_note, edits=long_run, gap=0, wrap=12, once=True),
        Case(f"{LONG}S1", "S1", (OURS,), long_note, edits=long_run, gap=0, wrap=12, once=True),
    )


def peer_programs(folder: Path) -> Path:
    """Install the pinned peers, once; the folder of their programs."""
    programs = folder / ("Scripts" if os.name == "nt" else "bin")
    stamp = folder / "installed.txt"
    if not stamp.exists() or stamp.read_text().split() != list(PEERS):
        venv.create(folder, with_pip=True, clear=True)
        install = [str(programs / "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        if subprocess.run([*install, *PEERS], check=False).returncode == 0:
            stamp.write_text("\n".join(PEERS))
        else:
            print("SKIPPED peers: pip could not install them", file=sys.stderr)
    return programs


def servers(python: str, programs: Path) -> dict[str, Server]:
    ours = (python, "-m", "pipesense", "server", "--stdio")
    found = (
        Server(OURS, ours),
        Server("pipesense (pull)", ours, mode="pull"),
        Server("ruff", (str(programs / "ruff"), "server")),
        Server("squawk", (str(programs / "squawk"), "server"), mode="pull"),
        Server("sqruff", (str(programs / "sqruff"), "lsp"), slow=True),
    )
    return {s.name: s for s in found}


def measure(case: Case, server: Server, file: Input, edits: int, work: Path) -> Sample | str:
    """One run of one server, in a client process of its own; what it says went wrong, if it did."""
    out = work / "sample.json"
    out.unlink(missing_ok=True)
    # A server that needs seconds per key on a large file gets few of them.
    count, warmup = (4, 1) if server.slow and file.lines > 1000 else (case.edits or edits, 5)
    command = [sys.executable, str(HERE / "lsp_latency.py"), "--file", str(file.path), "--mode", server.mode]
    command += ["--edits", str(count), "--warmup", str(warmup), "--at", str(case.at), "--gap", str(case.gap)]
    command += ["--wrap", str(case.wrap), "--label", f"{case.name} {server.name}", "--json", str(out)]
    command += ["--timeout", "20", *(["--type", case.typed] if case.typed else [])]
    done = subprocess.run([*command, "--", *server.command], text=True, stderr=subprocess.PIPE, check=False)
    if done.returncode or not out.exists():
        print(done.stderr.strip()[-600:], file=sys.stderr)
        return re.sub(r"^.*FAILED: ", "", done.stderr.strip().splitlines()[-1] if done.stderr.strip() else "died")
    sample: Sample = json.loads(out.read_text())
    return sample if sample["edits"] else f"no findings came within 20 s ({sample['timeouts']} keys)"


def import_pygls_ms(python: str) -> float | None:
    """Milliseconds from spawn until pygls is imported, which no server on pygls can undercut."""
    start = time.perf_counter()
    code = "import pygls.lsp.server; print(1, flush=True)"
    with subprocess.Popen([python, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as child:
        assert child.stdout
        ready = child.stdout.readline()
        took = (time.perf_counter() - start) * 1e3
    return took if ready else None


def heavy_imports(python: str) -> tuple[str, ...] | None:
    """The packages of HEAVY that ``pipesense --version`` loads; None when that does not run."""
    command = [python, "-X", "importtime", "-m", "pipesense", "--version"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        return None
    loaded = {line.rpartition("|")[2].strip().partition(".")[0] for line in done.stderr.splitlines()}
    return tuple(p for p in HEAVY if p in loaded)


def compiled_parser(folder: Path) -> str | None:
    """An interpreter with sqlglot's compiled build beside what the engine needs; None where there is no wheel of it."""
    python = folder / ("Scripts" if os.name == "nt" else "bin") / "python"
    wanted = [f"sqlglot[c]=={importlib.metadata.version('sqlglot')}", "pathspec", "tomli"]
    stamp = folder / "installed.txt"
    if not stamp.exists() or stamp.read_text().split() != wanted:
        venv.create(folder, with_pip=True, clear=True)
        install = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        if subprocess.run([*install, *wanted], check=False).returncode:
            print("SKIPPED the compiled parser: pip could not install it", file=sys.stderr)
            return None
        stamp.write_text("\n".join(wanted))
    return str(python)


def from_cold(
    pythons: Sequence[str | None], wanted: dict[str, tuple[str, Path]]
) -> dict[tuple[str, bool], tuple[int, float]]:
    """(input, whether sqlglot is compiled) -> bytes and seconds of CPU."""
    asked = [f"{name}={dialect}={path}" for name, (dialect, path) in wanted.items()]
    found: dict[tuple[str, bool], tuple[int, float]] = {}
    for python in filter(None, pythons):
        command = [python, str(HERE / "throughput.py"), *asked]
        done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
        for told in map(json.loads, done.stdout.splitlines()):
            found[(told["name"], told["compiled"])] = (told["bytes"], told["seconds"])
    return found


async def memory_with_open(server: Server, folder: Path, quiet: float = 3.0) -> tuple[float | None, int]:
    """(resident MB once all is at rest, number of files) with every file of the folder open."""
    files = [f for f in sorted(folder.rglob("*")) if f.suffix in LANGUAGES and f.is_file()]
    if not files:
        return None, 0
    client = Client(list(server.command), str(folder))
    await client.start()
    try:
        await client.initialize(folder, None, pull=False, timeout=30)
        for file in files:
            client.open(file, LANGUAGES[file.suffix], file.read_text(encoding="utf-8", errors="replace"))
        try:
            while True:
                _, params = await asyncio.wait_for(client.publishes.get(), quiet)
                if "dead" in params:
                    raise ServerDied(params["dead"])
        except TIMED_OUT:
            return tree_rss_mb(client.pid), len(files)
    finally:
        await client.stop()


def rounds_of(args: argparse.Namespace, inputs: dict[str, Input], known: dict[str, Server], work: Path) -> Figures:
    """Run every case in every round, the servers in turn, then what is read from cold."""
    samples: dict[tuple[str, str], list[Sample]] = {}
    failures: dict[tuple[str, str], list[str]] = {}
    floor: list[float] = []
    import_pygls_ms(args.python)  # writes the byte code
    for case in cases(0)[:3]:  # and so do the first starts: nobody measures an installation
        measure(case, known[OURS], inputs[case.input], 1, work)
    for number in range(args.rounds):
        if (took := import_pygls_ms(args.python)) is not None:
            floor.append(took)
        for case in cases(1000 if args.quick else 10_000):
            for name in case.servers if not (case.once and number) else ():
                key = (case.name, name)
                samples.setdefault(key, [])
                failures.setdefault(key, [])
                if number and len(failures[key]) == number:
                    continue  # it never answered; do not wait for it again
                got = measure(case, known[name], inputs[case.input], args.edits, work)
                if isinstance(got, str):
                    failures[key].append(got)
                else:
                    samples[key].append(got)
    try:
        memory, files = asyncio.run(memory_with_open(known[OURS], EXAMPLES))
    except (*TIMED_OUT, ServerDied, OSError) as why:
        print(f"examples/: {str(why)[-300:]}", file=sys.stderr)
        memory, files = None, 0
    return Figures(
        outcomes={k: Outcome(tuple(samples[k]), tuple(failures[k])) for k in samples},
        pygls_import_ms=round(statistics.median(floor), 1) if floor else None,
        examples_mb=memory,
        examples_files=files,
        heavy_imports=heavy_imports(args.python),
        noise=[n for found in samples.values() for s in found for n in s["noise"]],
        cold=from_cold([args.python, compiled_parser(cached("bench-compiled"))], cold(work, args.corpus, args.made_up)),
    )


def machine(python: str) -> list[str]:
    cpu, memory = platform.processor() or platform.machine(), ""
    if (info := Path("/proc/cpuinfo")).exists() and (m := re.search(r"model name\s*: (.*)", info.read_text())):
        cpu = m.group(1)
    if (info := Path("/proc/meminfo")).exists() and (m := re.search(r"MemTotal:\s+(\d+)", info.read_text())):
        memory = f", {int(m.group(1)) / 1024**2:.0f} GB"
    code = (
        "import importlib.metadata as m\n"
        "for n in ('pipesense', 'pygls', 'lsprotocol', 'sqlglot'):\n"
        "    try: print(n, m.version(n))\n"
        "    except m.PackageNotFoundError: print(n, '(no version)')"
    )
    done = subprocess.run([python, "-c", code], capture_output=True, text=True, check=False)
    return [
        f"{cpu}, {os.cpu_count()} cores{memory}; {platform.system()} {platform.release()}",
        f"Python {platform.python_version()}; {', '.join(done.stdout.splitlines())}",
        f"peers: {', '.join(p.replace('==', ' ') for p in PEERS)} (ruff with its defaults and AIR)",
    ]


def _told(words: list[str]) -> list[str]:
    """The command line as others may repeat it: folders of this machine are left out."""
    return ["DIR" if before == "--corpus" else word for before, word in zip(["", *words], words, strict=False)]


def main(argv: list[str] | None = None) -> int:
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--corpus", type=Path, help="folder of checkouts named owner+name")
    p.add_argument("--made-up", action="store_true", help="made-up inputs only, download none")
    p.add_argument("--rounds", type=int, default=3)
    p.add_argument("--edits", type=int, default=40, help="keystrokes per run (default: %(default)s)")
    p.add_argument("--quick", action="store_true", help="one round of fewer keystrokes, to see that all runs")
    p.add_argument("--python", default=sys.executable, help="the interpreter that has pipesense installed")
    p.add_argument("--out", type=Path, default=HERE / "RESULTS.md")
    args = p.parse_args(argv)
    # Where this is set, every start compiles every module again, which is not what anybody runs.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    if args.quick:
        args.rounds, args.edits = 1, 15
    known = servers(args.python, peer_programs(cached("bench-peers")))
    with tempfile.TemporaryDirectory(prefix="pipesense-bench-") as folder:
        work = Path(folder)
        inputs = build(work, args.corpus, args.made_up)
        described = [f"{i.name}: {i.lines:,} lines, {i.origin}" for i in inputs.values()]
        figures = rounds_of(args, inputs, known, work)
    command = shlex.join(["python", "tests/bench/run.py", *_told(sys.argv[1:] if argv is None else argv)])
    notes = {c.name: c.note for c in cases(1000 if args.quick else 10_000) if c.note != UNCLOSED}
    notes[f"{WORST}…"] = UNCLOSED
    args.out.write_text(page(command, machine(args.python), described, notes, figures), encoding="utf-8")
    missed = [t for t in TARGETS if not reached(t, figures)]
    for target in missed:
        print(f"not reached: {target.what}: {target.measured(figures)} (at most {target.limit:g} {target.unit})")
    print(f"written: {args.out}")
    return 1 if missed else 0


if __name__ == "__main__":
    raise SystemExit(main())
