"""Rule packs: the bundled one, and those that installed packages offer under the entry point group.

An entry point names a module. Its function ``rules()`` gives the pack's rules; a pack of many may offer ``index()``
instead, which gives an entry per rule, so that only those are imported that are needed. ``page(rule)`` gives the
Markdown of a rule and ``pattern(name)`` that of a pattern; without them a page is the ``.md`` file beside the rule's
module and a pattern is ``patterns/<name>.md`` beside the pack's.
"""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from types import ModuleType
from typing import Final

from pipesense.rule.registry import Registry, RuleEntry
from pipesense.rule.rule import Rule

GROUP: Final = "pipesense.rules"
BUNDLED: Final = "pipesense_rules"


@dataclass(frozen=True, slots=True)
class PackProblem:
    """A rule pack, or one rule of it, is not in use; ``reason`` says why, as a clause."""

    pack: str
    reason: str

    @property
    def message(self) -> str:
        """One sentence for people."""
        return f"The rule pack {self.pack}: {self.reason}. All other rules are in use."


@dataclass(frozen=True, slots=True)
class _Pack:
    """A pack that was loaded; nothing of it is trusted to work."""

    module: ModuleType
    entries: tuple[RuleEntry, ...]

    def page(self, rule: Rule) -> str | None:
        asked = getattr(self.module, "page", None)
        if asked is not None:
            return _markdown(lambda: asked(rule))
        file = getattr(sys.modules.get(rule.module), "__file__", None)
        return _read(os.path.splitext(file)[0] + ".md") if file else None

    def pattern(self, name: str) -> str | None:
        asked = getattr(self.module, "pattern", None)
        if asked is not None:
            return _markdown(lambda: asked(name))
        file = getattr(self.module, "__file__", None)
        return _read(os.path.join(os.path.dirname(file), "patterns", f"{name}.md")) if file else None


def _ignore(_: PackProblem) -> None:
    return None


def load_registry(complain: Callable[[PackProblem], None] = _ignore, *, packs: Iterable[str] | None = None) -> Registry:
    """All rules that are installed, the bundled ones first.

    ``complain`` is called for everything that could not be loaded; what it tells costs its own rules and no
    others. ``packs`` names the modules to load instead of those that are installed.
    """
    names = tuple(dict.fromkeys((BUNDLED, *_offered()) if packs is None else packs))
    loaded = [pack for name in names if (pack := _load(name, complain)) is not None]
    entries: dict[str, RuleEntry] = {}
    home: dict[str, _Pack] = {}
    for pack in loaded:
        for entry in pack.entries:
            if entry.id in entries:
                reason = f"its rule {entry.id} is left out, because {entries[entry.id].module} has one of that name"
                complain(PackProblem(pack.module.__name__, reason))
            else:
                entries[entry.id], home[entry.id] = entry, pack
    return Registry(entries.values(), lambda rule: home[rule.meta.id].page(rule), lambda name: _pattern(loaded, name))


def _offered() -> Iterator[str]:
    """The modules that installed distributions offer, in order of their entry points' names."""
    if not _may_offer():
        return
    from importlib.metadata import entry_points

    for point in sorted(entry_points(group=GROUP), key=lambda point: point.name):
        yield point.value.partition(":")[0].strip()


def _may_offer() -> bool:
    """Whether a distribution beside this one names the group at all.

    Importing ``importlib.metadata`` takes longer than looking into every entry_points.txt, and most have no packs.
    """
    for folder in sys.path:
        try:
            names = os.listdir(folder or os.curdir)
        except NotADirectoryError:
            return True  # an archive, which only importlib can look into
        except OSError:
            continue
        for name in names:
            if name.endswith((".dist-info", ".egg-info")) and not name.startswith("pipesense-"):
                offered = _read(os.path.join(folder, name, "entry_points.txt"))
                if offered is not None and GROUP in offered:
                    return True
    return False


def _load(name: str, complain: Callable[[PackProblem], None]) -> _Pack | None:
    try:
        module = importlib.import_module(name)
        index = getattr(module, "index", None)
        if index is not None:
            return _Pack(module, tuple(index()))
        rules = tuple(module.rules())
    except (Exception, SystemExit) as problem:  # noqa: BLE001 (a pack is somebody else's code: it may fail in any way)
        complain(PackProblem(name, f"it is left out, because loading it failed ({type(problem).__name__}: {problem})"))
        return None
    strangers = [rule for rule in rules if not isinstance(rule, Rule)]
    if strangers:
        complain(PackProblem(name, f"{strangers[0]!r} is left out, because it is no rule"))
    return _Pack(module, tuple(RuleEntry.of(rule) for rule in rules if isinstance(rule, Rule)))


def _pattern(packs: Sequence[_Pack], name: str) -> str | None:
    if "/" in name or "\\" in name:
        return None
    return next((text for pack in packs if (text := pack.pattern(name)) is not None), None)


def _markdown(ask: Callable[[], object]) -> str | None:
    try:
        text = ask()
    except Exception:  # noqa: BLE001 (somebody else's code again: a rule without its page still finds)
        return None
    return text if isinstance(text, str) else None


def _read(path: str) -> str | None:
    try:
        with open(path, encoding="utf-8") as file:
            return file.read()
    except (OSError, UnicodeDecodeError):
        return None
