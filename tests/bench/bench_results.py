"""What the bench measured, against what it has to reach, as Markdown."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

Sample = Mapping[str, Any]  # one run of lsp_latency, as it writes it


@dataclass(frozen=True, slots=True)
class Outcome:
    """All rounds of one server on one case."""

    rounds: tuple[Sample, ...] = ()
    failures: tuple[str, ...] = ()

    def middle(self, key: str) -> float | None:
        """The median over the rounds, so that one noisy round does not decide."""
        values = [v for r in self.rounds if (v := r.get(key)) is not None]
        return round(statistics.median(values), 2) if values else None


@dataclass(frozen=True, slots=True)
class Figures:
    """Everything one run of the bench knows."""

    outcomes: Mapping[tuple[str, str], Outcome]
    pygls_import_ms: float | None = None
    examples_mb: float | None = None
    examples_files: int = 0
    heavy_imports: tuple[str, ...] | None = None
    noise: Sequence[float] = field(default_factory=tuple)
    cold: Mapping[tuple[str, bool], tuple[int, float]] = field(default_factory=dict)
    """(input, whether the parser is compiled) -> bytes of SQL and seconds of CPU, read and judged from cold."""

    def value(self, case: str, server: str, key: str = "p95_ms") -> float | None:
        outcome = self.outcomes.get((case, server))
        return outcome.middle(key) if outcome else None

    def ratio(self, case: str, server: str, peer: str, key: str = "p95_ms") -> float | None:
        return _divide(self.value(case, server, key), self.value(case, peer, key))

    def start_ratio(self, case: str) -> float | None:
        return _divide(self.value(case, OURS, "spawn_to_first_diagnostics_ms"), self.pygls_import_ms)

    def cold_seconds(self, name: str) -> float | None:
        """Seconds of CPU for a megabyte of SQL with the compiled parser."""
        size, seconds = self.cold.get((name, True), (0, 0.0))
        return round(seconds / size * 1e6, 3) if size else None

    def worst(self) -> float | None:
        """The largest p95 of the cases with something unclosed; None unless every one was measured."""
        values = [o.middle("p95_ms") for (c, s), o in self.outcomes.items() if c.startswith(WORST) and s == OURS]
        known = [v for v in values if v is not None]
        return max(known) if values and len(known) == len(values) else None

    def growth(self) -> float | None:
        """MB gained between a tenth of the long runs and their end, the larger of them."""
        tracks = [
            r["rss_track_mb"]
            for (c, s), o in self.outcomes.items()
            if c.startswith(LONG) and s == OURS
            for r in o.rounds
        ]
        known = [t for t in tracks if len(t) > 1 and None not in t]
        return round(max(t[-1] - t[0] for t in known), 1) if known and len(known) == len(tracks) else None


COLUMNS = (
    "case",
    "server",
    "p50 ms",
    "p95 ms",
    "max ms",
    "CPU ms",
    "first findings ms",
    "findings",
    "MB open",
    "MB end",
)
OURS = "pipesense"
WORST = "unclosed "
LONG = "long "


@dataclass(frozen=True, slots=True)
class Target:
    """One thing to reach: at most ``limit`` of ``unit``."""

    what: str
    limit: float
    unit: str
    measured: Callable[[Figures], float | None]


TARGETS: tuple[Target, ...] = (
    Target("P2 keystroke p95 beside ruff server", 1.0, "×", lambda f: f.ratio("P2", OURS, "ruff")),
    Target("P1 keystroke p95 beside ruff server", 3.0, "×", lambda f: f.ratio("P1", OURS, "ruff")),
    Target("S1 keystroke p95 beside squawk server", 0.5, "×", lambda f: f.ratio("S1", OURS, "squawk")),
    Target("S1 keystroke p95 beside sqruff lsp", 0.01, "×", lambda f: f.ratio("S1", OURS, "sqruff")),
    Target("p95 with a quote or bracket unclosed, worst place", 15, "ms", Figures.worst),
    Target("P1 spawn to first findings beside import pygls", 1.4, "×", lambda f: f.start_ratio("P1")),
    Target("Q1 spawn to first findings beside import pygls", 1.8, "×", lambda f: f.start_ratio("Q1")),
    Target("S1 spawn to first findings beside import pygls", 1.8, "×", lambda f: f.start_ratio("S1")),
    Target("TPC-DS from cold, compiled parser", 1.0, "s of CPU per MB", lambda f: f.cold_seconds("TPC-DS")),
    Target("bigquery-etl from cold, compiled parser", 1.0, "s of CPU per MB", lambda f: f.cold_seconds("bigquery-etl")),
    Target("server memory with examples/ open", 110, "MB", lambda f: f.examples_mb),
    Target("memory gained over a long run of edits", 5, "MB", Figures.growth),
    Target(
        "heavy packages imported by pipesense --version",
        0,
        "packages",
        lambda f: None if f.heavy_imports is None else len(f.heavy_imports),
    ),
)


def reached(target: Target, figures: Figures) -> bool | None:
    """None: could not be measured, which is not the same as reached."""
    value = target.measured(figures)
    return None if value is None else value <= target.limit


def _divide(ours: float | None, peer: float | None) -> float | None:
    return round(ours / peer, 4) if ours is not None and peer else None


def page(
    command: str,
    machine: Sequence[str],
    inputs: Sequence[str],
    case_notes: Mapping[str, str],
    figures: Figures,
) -> str:
    """The whole RESULTS.md."""
    return "\n".join(
        [
            "# Bench results",
            "",
            f"Made by `{command}`.",
            "All servers ran in the same rounds, one after the other; figures are medians over the rounds.",
            "Absolute times depend on the machine: compare the ratios.",
            "",
            *(f"- {line}" for line in machine),
            f"- machine noise (wall/CPU of a fixed loop; 1.0 is quiet): {_noise(figures.noise)}",
            "",
            "Inputs:",
            "",
            *(f"- {line}" for line in inputs),
            "",
            "## Targets",
            "",
            "| target | measured | at most | reached |",
            "| --- | ---: | ---: | --- |",
            *(_target(t, figures) for t in TARGETS),
            "",
            "## Figures",
            "",
            "One character typed per keystroke; a keystroke ends when its findings have been read.",
            "",
            f"| {' | '.join(COLUMNS)} |",
            f"| --- | --- |{' ---: |' * (len(COLUMNS) - 2)}",
            *(_row(case, server, outcome) for (case, server), outcome in figures.outcomes.items()),
            "",
            f"Importing pygls alone: {_shown(figures.pygls_import_ms)} ms from spawn. "
            f"{figures.examples_files} files of examples/ open: {_shown(figures.examples_mb)} MB.",
            *_imports(figures),
            *_cold(figures),
            "",
            "Cases:",
            "",
            *(f"- {case}: {note}" for case, note in case_notes.items()),
            "",
        ]
    )


def _noise(values: Sequence[float]) -> str:
    return f"median {statistics.median(values):.2f}, worst {max(values):.2f}" if values else "not measured"


def _target(target: Target, figures: Figures) -> str:
    value, ok = target.measured(figures), reached(target, figures)
    said = {True: "yes", False: "**no**", None: "not measured"}[ok]
    return f"| {target.what} | {_shown(value)} {target.unit} | {target.limit:g} {target.unit} | {said} |"


def _row(case: str, server: str, outcome: Outcome) -> str:
    if not outcome.rounds:
        why = " ".join((outcome.failures or ("no answer",))[0].split())[-200:].replace("|", "\\|")
        return f"| {case} | {server} | FAILED: {why} | | | | | | | |"
    keys = ("p50_ms", "p95_ms", "max_ms", "cpu_ms_per_edit", "spawn_to_first_diagnostics_ms", "diagnostics")
    cells = [_shown(outcome.middle(k)) for k in (*keys, "rss_open_mb", "rss_end_mb")]
    failed = f" ({len(outcome.failures)} rounds FAILED)" if outcome.failures else ""
    return f"| {case} | {server}{failed} | {' | '.join(cells)} |"


def _shown(value: float | None) -> str:
    if value is None:
        return "–"
    return f"{value:.3g}" if abs(value) < 100 else f"{value:,.0f}"


def _imports(figures: Figures) -> list[str]:
    if not figures.heavy_imports:
        return []
    return ["", f"`pipesense --version` imports {', '.join(figures.heavy_imports)}."]


def _cold(figures: Figures) -> list[str]:
    if not figures.cold:
        return []
    rows = (
        f"| {name} | {'compiled' if compiled else 'plain'} | {size / 1e6:.2f} | {seconds:.2f} "
        f"| {size / seconds / 1e6:.2f} |"
        for (name, compiled), (size, seconds) in figures.cold.items()
    )
    return [
        "",
        "SQL read and judged from cold, all rules, one core:",
        "",
        "| input | sqlglot | MB | s of CPU | MB/s |",
        "| --- | --- | ---: | ---: | ---: |",
        *rows,
    ]
