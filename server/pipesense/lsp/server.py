"""``pipesense server``: the way into the language server. Importing this module loads neither pygls nor lsprotocol."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pipesense.engine.report import InternalError
    from pipesense.engine.workspace import Workspace


def serve(tcp: int | None = None) -> int:
    """Serve one editor and return the process's exit code: 0 after an orderly goodbye, 1 when the editor just went.

    The protocol runs over standard input and output, or with ``tcp`` over that port of 127.0.0.1, for one client.

    Raises:
        OSError: the port is taken.
    """
    from pipesense.lsp.imports import remembered_compilation

    with remembered_compilation() as imported:
        import pipesense.engine.link_python  # what the first file needs, so that it is loaded the short way too
        import pipesense.engine.workspace
        from pipesense.lsp import connection, transport

        imported()
        if tcp is None:
            channel = transport.standard_streams()
        else:
            channel = transport.local_socket(tcp, lambda sentence: print(sentence, file=sys.stderr, flush=True))
        return connection.run(channel, make_workspace, pipesense.__version__)


def make_workspace(log: Callable[[InternalError], None]) -> Workspace:
    """The engine with all installed rules over the files on disk; folders are added as the client names them."""
    from pipesense.engine.workspace import Workspace
    from pipesense.host.disk import DiskFiles
    from pipesense.host.rulepacks import load_registry

    return Workspace(load_registry(), DiskFiles(), log, hide_baseline=True)
