"""What a client may ask beside the language server protocol: how the server does, which rules there are, their pages.

These requests begin with ``pipesense/``; the other side of them is client-extension/src/protocol.ts. Parameters come
as pygls reads what it does not know: objects with the fields that were sent.
"""

from __future__ import annotations

import platform
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import pipesense
from pipesense.lsp.core import Core
from pipesense.lsp.documents import OpenDocument
from pipesense.rule.meta import CONCERNS
from pipesense.rule.page import Page
from pipesense.rule.rule import Rule

if TYPE_CHECKING:
    from pipesense.engine.workspace import Workspace

STATUS: Final = "pipesense/status"
RULES: Final = "pipesense/rules"
PAGE: Final = "pipesense/page"


@dataclass(frozen=True, slots=True)
class About:
    """``document`` brings an open document up to date; ``core`` is the engine."""

    document: Callable[[str], OpenDocument | None]
    core: Callable[[], Core]

    def status(self, params: Any) -> dict[str, Any]:
        """How the server does, and what it takes the file at ``uri`` for."""
        workspace = self.core().workspace
        uri = getattr(params, "uri", None)
        document = self.document(uri) if isinstance(uri, str) else None
        sql = workspace.dialect(document.path, 0) if document is not None and document.path.endswith(".sql") else None
        return {
            "version": pipesense.__version__,
            "python": platform.python_version(),
            "compiled": _is_compiled(),
            "rules": len(workspace.registry),
            "files": len(workspace.paths()),
            "pending": workspace.pending(),
            "dialect": (sql[0] or "generic SQL") if sql is not None else None,
            "dialectWhy": sql[1] if sql is not None else None,
            "dbtProject": _dbt_project(workspace, document),
            "findings": len(workspace.findings(document.path)) if document is not None else 0,
        }

    def rules(self, _: Any) -> list[dict[str, Any]]:
        """All rules by the rank of their concern, then by name."""
        registry = self.core().workspace.registry
        rank = {concern: at for at, concern in enumerate(CONCERNS)}
        ordered = sorted(registry, key=lambda rule: (rank.get(rule.meta.concern, len(rank)), rule.meta.id))
        return [_rule(rule, registry.page(rule.meta.id)) for rule in ordered]

    def page(self, params: Any) -> dict[str, Any]:
        """The page of a rule or a pattern as Markdown; None where there is none."""
        registry = self.core().workspace.registry
        name = str(getattr(params, "name", ""))
        rule = registry.get(name)
        page = registry.page(name) if rule is not None else registry.pattern(name)
        return {"markdown": _markdown(name, rule, page) if page is not None else None}


def _is_compiled() -> bool:
    """Whether the parser that is loaded is the compiled one."""
    parser = sys.modules.get("sqlglot.parser")
    return parser is not None and not str(parser.__file__).endswith(".py")


def _dbt_project(workspace: Workspace, document: OpenDocument | None) -> str | None:
    """The name of the dbt project that holds a document; that of its folder where it has none."""
    project = workspace.checks.surroundings.dbt.of(document.path) if document is not None else None
    return (project.name or project.folder.rpartition("/")[2]) if project is not None else None


def _rule(rule: Rule, page: Page | None) -> dict[str, Any]:
    meta = rule.meta
    summary = page.summary if page is not None else ""
    return {"id": meta.id, "concern": meta.concern, "severity": meta.worst.word, "summary": summary}


def _markdown(name: str, rule: Rule | None, page: Page) -> str:
    facts = ""
    if rule is not None:
        fix = "can be fixed" if rule.fixable else "no fix"
        facts = f"{rule.meta.worst.word}, {fix}, pattern `{rule.meta.pattern}`"
    parts = [f"# {page.title or name}", facts, page.summary, page.teaching]
    return "\n\n".join(part for part in parts if part) + "\n"
