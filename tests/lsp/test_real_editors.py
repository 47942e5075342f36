"""The installed server, started as editors start it, with what real editors announce about themselves."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
import pytest_lsp
from lsprotocol import types
from pytest_lsp import ClientServerConfig, LanguageClient, client_capabilities

from lsp.wire import NOTHING, PIPESENSE, ROOT, VSCODE, Wire, uri

EDITORS = ["visual_studio_code", "neovim@0.11.0", "neovim@0.7.0", "emacs@29.1"]

SQL = "select id from orders where note = '😀' and deleted_at = null;\n"
pytestmark = pytest.mark.filterwarnings("error::pytest_lsp.LspSpecificationWarning")


@pytest_lsp.fixture(
    params=EDITORS,
    config=ClientServerConfig(
        server_command=list(PIPESENSE),
        server_env={**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT / "server"), str(ROOT / "rules"), os.environ.get("PYTHONPATH", "")])},
    ),
)  # fmt: skip
async def editor(request: Any, lsp_client: LanguageClient, tmp_path_factory: pytest.TempPathFactory) -> Any:
    folder = tmp_path_factory.mktemp("w")
    capabilities = client_capabilities(request.param)
    params = types.InitializeParams(capabilities=capabilities, root_uri=uri(folder), process_id=os.getpid())

    @lsp_client.feature(types.CLIENT_REGISTER_CAPABILITY)
    def registered(_: types.RegistrationParams) -> None:
        """The editor agrees."""

    answer = await lsp_client.initialize_session(params)
    lsp_client.folder = folder
    lsp_client.promised = answer.capabilities
    yield
    await lsp_client.shutdown_session()


async def findings(editor: LanguageClient, name: str) -> list[types.Diagnostic]:
    """Pulled where the editor pulls, else what was pushed."""
    if editor.promised.diagnostic_provider is not None:
        params = types.DocumentDiagnosticParams(types.TextDocumentIdentifier(name))
        report = await editor.text_document_diagnostic_async(params)
        assert name not in editor.diagnostics, "what is pulled is not pushed too"
        return list(report.items)
    if name not in editor.diagnostics:
        await editor.wait_for_notification(types.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS)
    return list(editor.diagnostics[name])


async def test_find_learn_and_fix(editor: LanguageClient) -> None:
    name = uri(editor.folder / "a.sql")
    editor.text_document_did_open(types.DidOpenTextDocumentParams(types.TextDocumentItem(name, "sql", 1, SQL)))
    (found,) = await findings(editor, name)
    assert (found.code, found.source) == ("correctness/equals-null", "pipesense")
    line = SQL.splitlines()[0]
    encoding = str(getattr(editor.promised.position_encoding, "value", editor.promised.position_encoding))
    start = columns(line, found.range.start.character, encoding)
    end = columns(line, found.range.end.character, encoding)
    assert "= null" in line[start:end]
    assert "😀" not in line[start:end]

    place = types.Position(0, found.range.start.character + 1)
    hover = await editor.text_document_hover_async(types.HoverParams(types.TextDocumentIdentifier(name), place))
    assert hover is not None
    assert "NULL" in hover.contents.value

    context = types.CodeActionContext(diagnostics=[found], only=[types.CodeActionKind.QuickFix])
    actions = await editor.text_document_code_action_async(
        types.CodeActionParams(types.TextDocumentIdentifier(name), types.Range(place, place), context)
    )
    action = next(each for each in actions if "Ignore" not in each.title)
    if action.edit is None:
        assert editor.promised.code_action_provider.resolve_provider
        action = await editor.code_action_resolve_async(action)
    fixed = applied(SQL, edits_of(action.edit, name), encoding)
    assert fixed.lower() == "select id from orders where note = '😀' and deleted_at is null;\n"

    whole = types.TextDocumentContentChangeWholeDocument(fixed)
    editor.diagnostics.clear()
    editor.text_document_did_change(
        types.DidChangeTextDocumentParams(types.VersionedTextDocumentIdentifier(2, name), [whole])
    )
    assert await findings(editor, name) == []


def columns(line: str, units: int, encoding: str) -> int:
    codec, width = {"utf-8": ("utf-8", 1), "utf-16": ("utf-16-le", 2), "utf-32": ("utf-32-le", 4)}[encoding]
    return len(line.encode(codec)[: units * width].decode(codec))


def edits_of(edit: types.WorkspaceEdit, name: str) -> list[Any]:
    if edit.document_changes is not None:
        return [each for change in edit.document_changes for each in change.edits]
    return list(edit.changes[name])


def applied(text: str, edits: list[Any], encoding: str) -> str:
    line = text.splitlines()[0]
    for edit in sorted(edits, key=lambda each: -each.range.start.character):
        assert edit.range.start.line == edit.range.end.line == 0
        start, end = (columns(line, each.character, encoding) for each in (edit.range.start, edit.range.end))
        text = text[:start] + edit.new_text + text[end:]
    return text


def test_the_command_line_starts_it(start: Any, tmp_path: Path) -> None:
    (tmp_path / "closed.sql").write_text("select 1 from t where x = null;\n")
    server: Wire = start(PIPESENSE)
    answer = server.initialize(VSCODE, tmp_path)
    assert answer["serverInfo"]["name"] == "PipeSense"
    name = uri(tmp_path / "a.sql")
    server.open(name, "select 1 from t where x = null;\n", "sql")
    assert [each["code"] for each in server.pulled(name)["items"]] == ["correctness/equals-null"]
    (report,) = server.request("workspace/diagnostic", {"previousResultIds": []})["items"]
    assert report["uri"] == uri(tmp_path / "closed.sql")
    assert server.leave() == 0
    assert server.stderr() == ""


def test_settings_of_a_project_and_of_the_editor(start: Any, tmp_path: Path) -> None:
    (tmp_path / "pipesense.toml").write_text('[severity]\n"correctness/equals-null" = "hint"\n')
    server: Wire = start(PIPESENSE)
    server.initialize(VSCODE, tmp_path)
    name = uri(tmp_path / "a.sql")
    server.open(name, "select 1 from t where x = null;\n", "sql")
    assert [each["severity"] for each in server.pulled(name)["items"]] == [4]
    (tmp_path / "pipesense.toml").write_text("")
    server.notify(
        "workspace/didChangeWatchedFiles", {"changes": [{"uri": uri(tmp_path / "pipesense.toml"), "type": 2}]}
    )
    server.wait_for(lambda message: message.get("method") == "workspace/diagnostic/refresh")
    assert [each["severity"] for each in server.pulled(name)["items"]] == [1]
    server.answers["workspace/configuration"] = [{"ignore": ["correctness"]}]
    server.notify("workspace/didChangeConfiguration", {"settings": None})
    server.wait_for(lambda message: message.get("method") == "workspace/diagnostic/refresh")
    assert server.pulled(name)["items"] == []
    assert server.leave() == 0


def test_a_closed_file_that_changes_on_disk_again_and_again(start: Any, tmp_path: Path) -> None:
    file = tmp_path / "closed.sql"
    file.write_text("select 1 from t where x = null;\n")
    server: Wire = start(PIPESENSE)
    server.initialize(VSCODE, tmp_path)
    known: list[dict[str, str]] = []
    for number in range(1, 4):
        (report,) = server.request("workspace/diagnostic", {"previousResultIds": known})["items"]
        assert len(report["items"]) == number
        known = [{"uri": report["uri"], "value": report["resultId"]}]
        file.write_text("select 1 from t where x = null;\n" * (number + 1))
        server.notify("workspace/didChangeWatchedFiles", {"changes": [{"uri": uri(file), "type": 2}]})
    assert server.leave() == 0


@pytest.mark.parametrize("profile", [VSCODE, NOTHING], ids=["pulls", "is pushed to"])
def test_a_mistake_in_the_configuration_stands_in_the_configuration_file(
    start: Any, tmp_path: Path, profile: dict[str, Any]
) -> None:
    config = tmp_path / "pipesense.toml"
    config.write_text('\nselct = ["quality"]\n')
    server: Wire = start(PIPESENSE)
    server.initialize(profile, tmp_path)
    server.open(uri(config), config.read_text(), "toml")
    server.open(uri(tmp_path / "a.sql"), "select 1;\n", "sql")
    if profile is VSCODE:
        server.wait_for(lambda message: message.get("method") == "workspace/diagnostic/refresh")
        (found,) = server.pulled(uri(config))["items"]
    else:
        (found,) = server.published(uri(config))
    assert found["range"]["start"]["line"] == 1
    assert 'Did you mean "select"' in found["message"]
    config.write_text('\nselect = ["quality"]\n')
    server.notify("textDocument/didSave", {"textDocument": {"uri": uri(config)}})
    if profile is VSCODE:
        server.wait_for(lambda message: message.get("method") == "workspace/diagnostic/refresh")
        assert server.pulled(uri(config))["items"] == []
    else:
        assert server.published(uri(config)) == []
    assert server.leave() == 0
