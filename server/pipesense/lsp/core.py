"""The engine and everything that stands between it and one client."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pipesense.lsp.actions import CodeActions
from pipesense.lsp.capabilities import ClientProfile
from pipesense.lsp.client import Client
from pipesense.lsp.diagnostics import DiagnosticWriter
from pipesense.lsp.documents import Documents
from pipesense.lsp.edits import EditWriter
from pipesense.lsp.results import Pulled, Pushed, Results
from pipesense.lsp.scheduler import Listener, Scheduler
from pipesense.lsp.settings import DiagnosticMode
from pipesense.text.encoding import PositionEncoding

if TYPE_CHECKING:
    from pipesense.engine.workspace import Workspace


@dataclass(frozen=True, slots=True)
class Core:
    """What a session works with once it has an engine."""

    workspace: Workspace
    scheduler: Scheduler
    results: Results
    writer: DiagnosticWriter
    edits: EditWriter
    actions: CodeActions


def make_core(
    workspace: Workspace,
    listener: Listener,
    client: Client,
    documents: Documents,
    profile: ClientProfile,
    encoding: PositionEncoding,
    documentation: str | None,
    mode: DiagnosticMode | None,
) -> Core:
    """Put the parts together for a client's abilities."""

    def version_of(path: str) -> int | None:
        document = documents.at(path)
        return document.version if document is not None else None

    writer = DiagnosticWriter(profile, encoding, documents.uri, workspace.text, documentation)
    edits = EditWriter(profile, encoding, documents.uri, workspace.text, version_of)
    results: Results
    if profile.pull:
        every = client.refresh_all if profile.lenses and profile.lens_refresh else client.refresh_diagnostics
        refresh = every if profile.refresh else None
        results = Pulled(workspace, documents, writer, refresh, mode)
    else:
        results = Pushed(workspace, documents, writer, client.send, mode)
    actions = CodeActions(workspace, profile, edits)
    return Core(workspace, Scheduler(workspace, listener), results, writer, edits, actions)
