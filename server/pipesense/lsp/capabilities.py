"""What the client can do, read once, and what the server says about itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from lsprotocol import types

from pipesense.text.encoding import PositionEncoding

FIX_ALL: Final = "source.fixAll.pipesense"


@dataclass(frozen=True, slots=True)
class ClientProfile:
    """The abilities of a client that change what the server sends; a client that says nothing has none."""

    pull: bool = False
    refresh: bool = False
    related_information: bool = False
    diagnostic_tags: frozenset[int] = frozenset()
    diagnostic_data: bool = False
    markdown: bool = False
    action_literals: bool = False
    resolve_edit: bool = False
    action_disabled: bool = False
    action_preferred: bool = False
    document_changes: bool = False
    create_files: bool = False
    rename_files: bool = False
    annotations: bool = False
    progress: bool = False
    watched_files: bool = False
    configuration: bool = False
    configuration_changes: bool = False
    outline: bool = False
    folding: bool = False
    colours: bool = False
    completion: bool = False
    definition: bool = False
    references: bool = False
    highlights: bool = False
    rename: bool = False
    prepare_rename: bool = False
    lenses: bool = False
    lens_refresh: bool = False
    links: bool = False

    @staticmethod
    def of(client: types.ClientCapabilities) -> ClientProfile:
        """Read a client's capabilities; what is absent is not there."""
        text = client.text_document or types.TextDocumentClientCapabilities()
        workspace = client.workspace or types.WorkspaceClientCapabilities()
        published = text.publish_diagnostics or types.PublishDiagnosticsClientCapabilities()
        pulled = text.diagnostic
        told = pulled or published
        actions = text.code_action or types.CodeActionClientCapabilities()
        edits = workspace.workspace_edit or types.WorkspaceEditClientCapabilities()
        resources = edits.resource_operations
        hover = text.hover or types.HoverClientCapabilities()
        window = client.window or types.WindowClientCapabilities()
        watching = workspace.did_change_watched_files
        changes = workspace.did_change_configuration
        refreshing = workspace.diagnostics
        resolve = actions.resolve_support
        symbols = text.document_symbol
        tags = told.tag_support or published.tag_support
        return ClientProfile(
            pull=pulled is not None,
            refresh=bool(refreshing and refreshing.refresh_support),
            related_information=bool(told.related_information or published.related_information),
            diagnostic_tags=frozenset(int(tag) for tag in tags.value_set) if tags else frozenset(),
            diagnostic_data=bool(told.data_support or published.data_support),
            markdown=types.MarkupKind.Markdown in (hover.content_format or ()),
            action_literals=actions.code_action_literal_support is not None,
            resolve_edit=bool(actions.data_support and resolve and "edit" in resolve.properties),
            action_disabled=bool(actions.disabled_support),
            action_preferred=bool(actions.is_preferred_support),
            # Neovim names the operations but not the ability that they stand on.
            document_changes=bool(edits.document_changes or resources),
            create_files=types.ResourceOperationKind.Create in (resources or ()),
            rename_files=types.ResourceOperationKind.Rename in (resources or ()),
            annotations=edits.change_annotation_support is not None,
            progress=bool(window.work_done_progress),
            watched_files=bool(watching and watching.dynamic_registration),
            configuration=bool(workspace.configuration),
            configuration_changes=bool(changes and changes.dynamic_registration),
            outline=bool(symbols and symbols.hierarchical_document_symbol_support),
            folding=text.folding_range is not None,
            colours=text.semantic_tokens is not None,
            completion=text.completion is not None,
            definition=text.definition is not None,
            references=text.references is not None,
            highlights=text.document_highlight is not None,
            rename=text.rename is not None,
            prepare_rename=bool(text.rename and text.rename.prepare_support),
            lenses=text.code_lens is not None,
            lens_refresh=bool(workspace.code_lens and workspace.code_lens.refresh_support),
            links=text.document_link is not None,
        )


def encoding_of(name: str | None) -> PositionEncoding:
    """The negotiated position encoding by its protocol name; UTF-16 where the client named none."""
    try:
        return PositionEncoding(str(name))
    except ValueError:
        return PositionEncoding.UTF16


def code_action_options(profile: ClientProfile) -> types.CodeActionOptions:
    """Which kinds of code action there are, and whether their edits come when asked for."""
    return types.CodeActionOptions(
        code_action_kinds=[types.CodeActionKind.QuickFix, types.CodeActionKind.Refactor, FIX_ALL],
        resolve_provider=profile.resolve_edit,
    )


def completion_options() -> types.CompletionOptions:
    """Asked for behind a dot, and inside the quotes of ``ref('``; every item comes whole."""
    return types.CompletionOptions(trigger_characters=[".", "'", '"'], resolve_provider=False)


def diagnostic_options() -> types.DiagnosticOptions:
    """One file's findings depend on other files, and the whole workspace may be asked about."""
    return types.DiagnosticOptions(identifier="pipesense", inter_file_dependencies=True, workspace_diagnostics=True)
