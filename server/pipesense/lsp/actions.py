"""The lightbulb: fixes of findings, "ignore here", all safe fixes of a file at once, and quality checks for a table."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from lsprotocol import types

from pipesense.engine.report import BuiltFix, FixOffer, Reported
from pipesense.lsp.capabilities import FIX_ALL, ClientProfile
from pipesense.lsp.edits import EditWriter
from pipesense.model.change import Refusal
from pipesense.rule.finding import Applicability
from pipesense.text.span import Span

if TYPE_CHECKING:
    from pipesense.engine.workspace import Workspace

_QUICK_FIX: Final = types.CodeActionKind.QuickFix
_REFACTOR: Final = types.CodeActionKind.Refactor

_ADVICE: Final = "This is advice: whether it fits here needs a person's judgement, so it is not applied automatically."


class CannotApply(Exception):
    """The action cannot be carried out on the current text; the message says why, for people."""


@dataclass(frozen=True, slots=True)
class CodeActions:
    """Answers textDocument/codeAction and codeAction/resolve."""

    workspace: Workspace
    profile: ClientProfile
    edits: EditWriter

    def listed(self, path: str, span: Span, context: types.CodeActionContext) -> list[types.CodeAction]:
        """The actions for the findings that touch ``span``, best first."""
        wanted = _Wanted(context.only)
        touched = [each for each in self.workspace.findings(path) if _touches(each.span, span)]
        actions: list[types.CodeAction] = []
        if wanted.kind(_QUICK_FIX.value):
            for finding in touched:
                actions += self._fixes(path, finding, _shown(finding, context.diagnostics))
            for finding in _one_per_rule(touched):
                actions += self._ignore(path, finding, _shown(finding, context.diagnostics))
        if wanted.explicitly(FIX_ALL) or (wanted.kind(FIX_ALL) and self._has_safe(touched)):
            actions += self._fix_all(path)
        if wanted.kind(_REFACTOR.value):
            actions += self._insert_checks(path, span)
            actions += self._scaffolds(path, span)
        return actions

    def resolve(self, action: types.CodeAction, path: str) -> types.CodeAction:
        """The same action with its edit, made for the current text.

        Raises:
            CannotApply: the finding is gone, or its fix cannot be written here.
        """
        data = action.data if isinstance(action.data, Mapping) else {}
        if data.get("do") == "fix":
            action.edit = self._built(path, self._build(str(data.get("id")), path))
        elif data.get("do") == "checks":
            built = self.workspace.checks.build(str(data.get("id")), path)
            if isinstance(built, Refusal):
                raise CannotApply(built.why)
            action.edit = self._built(path, built)
        elif data.get("do") == "scaffold":
            made = self.workspace.features.scaffolds.build(str(data.get("id")), path)
            if isinstance(made, Refusal):
                raise CannotApply(made.why)
            action.edit = self._built(path, made)
        elif data.get("do") == "ignore":
            finding = self._by_fingerprint(path, str(data.get("id")))
            action.edit = self.edits.workspace_edit(path, {path: self.workspace.suppression(finding)})
        elif data.get("do") == "fixAll":
            action.edit = self.edits.workspace_edit(path, {path: self.workspace.fix_all(path)[0]})
        return action

    # --- the kinds of action ---------------------------------------------------------------------

    def _fixes(self, path: str, finding: Reported, shown: list[types.Diagnostic]) -> Iterator[types.CodeAction]:
        preferred = False
        for offer in self.workspace.offers(finding):
            action = types.CodeAction(offer.title, _QUICK_FIX, shown or None)
            if offer.applicability is Applicability.DISPLAY:
                if self.profile.action_disabled:
                    action.disabled = types.CodeActionDisabled(_ADVICE)
                    yield action
                continue
            if offer.applicability is Applicability.SAFE and not preferred and self.profile.action_preferred:
                action.is_preferred = preferred = True
            if self._attach(action, path, "fix", offer.id):
                yield action

    def _ignore(self, path: str, finding: Reported, shown: list[types.Diagnostic]) -> Iterator[types.CodeAction]:
        action = types.CodeAction(f"Ignore {finding.rule} here", _QUICK_FIX, shown or None)
        if finding.finding is not None and self._attach(action, path, "ignore", finding.fingerprint):
            yield action

    def _fix_all(self, path: str) -> Iterator[types.CodeAction]:
        if not self._has_safe(self.workspace.findings(path)):
            return
        action = types.CodeAction("Apply all safe fixes of PipeSense", FIX_ALL)
        if self._attach(action, path, "fixAll", ""):
            yield action

    def _insert_checks(self, path: str, span: Span) -> Iterator[types.CodeAction]:
        for offer in self.workspace.checks.offers(path, span):
            action = types.CodeAction(offer.title, _REFACTOR)
            if self._attach(action, path, "checks", offer.id):
                yield action

    def _scaffolds(self, path: str, span: Span) -> Iterator[types.CodeAction]:
        for offer in self.workspace.features.scaffolds.offers(path, span):
            action = types.CodeAction(offer.title, _REFACTOR)
            if self._attach(action, path, "scaffold", offer.id):
                yield action

    def _attach(self, action: types.CodeAction, path: str, do: str, target: str) -> bool:
        """Give the action its data, and its edit too for a client that cannot ask later; False if there is none."""
        action.data = {"do": do, "id": target, "uri": self.edits.uri_of(path)}
        if self.profile.resolve_edit:
            return True
        try:
            self.resolve(action, path)
        except CannotApply as refused:
            action.disabled = types.CodeActionDisabled(str(refused))
            return self.profile.action_disabled
        action.data = None
        return True

    # --- helpers ---------------------------------------------------------------------------------

    def _build(self, offer: str, path: str) -> BuiltFix:
        built = self.workspace.build(offer, path)
        if isinstance(built, Refusal):
            raise CannotApply(built.why)
        return built

    def _built(self, path: str, built: BuiltFix) -> types.WorkspaceEdit:
        return self.edits.workspace_edit(path, built.edits, built.creates)

    def _by_fingerprint(self, path: str, fingerprint: str) -> Reported:
        for finding in self.workspace.findings(path):
            if finding.fingerprint == fingerprint:
                return finding
        raise CannotApply("The finding is gone: the text has changed since.")

    def _safe(self, finding: Reported) -> Iterator[FixOffer]:
        if finding.fixable:
            yield from (offer for offer in self.workspace.offers(finding) if offer.applicability is Applicability.SAFE)

    def _has_safe(self, findings: Iterable[Reported]) -> bool:
        return any(True for finding in findings for _ in self._safe(finding))


class _Wanted:
    """Which kinds the client asks for; a kind includes those below it."""

    def __init__(self, only: Sequence[types.CodeActionKind | str] | None) -> None:
        self._only = None if only is None else [str(getattr(kind, "value", kind)) for kind in only]

    def kind(self, kind: str) -> bool:
        return self._only is None or self.explicitly(kind)

    def explicitly(self, kind: str) -> bool:
        return any(asked in ("", kind) or kind.startswith(f"{asked}.") for asked in self._only or ())


def _touches(finding: Span, asked: Span) -> bool:
    """A finding counts when the cursor stands in it or at its edge, or the selection holds some of it."""
    return finding.start <= asked.end and asked.start <= finding.end


def _one_per_rule(findings: Iterable[Reported]) -> list[Reported]:
    first: dict[str, Reported] = {}
    for finding in findings:
        first.setdefault(finding.rule, finding)
    return list(first.values())


def _shown(finding: Reported, shown: Iterable[types.Diagnostic]) -> list[types.Diagnostic]:
    """The client's own diagnostics that show this finding."""
    same = [each for each in shown if each.code == finding.rule]
    marked = [each for each in same if isinstance(each.data, Mapping) and each.data.get("fp") == finding.fingerprint]
    return marked or [each for each in same if each.message == finding.message]
