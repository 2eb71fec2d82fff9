"""Convert the results of `dsl.editor` to the protocol's types."""

from lsprotocol import types

from dsl.checker.symbols import Role
from dsl.diagnostics import Diagnostic, Edit
from dsl.editor import Completion, CompletionKind, Completions, Document
from dsl.editor.outline import Declaration, Section, end_of, start_of
from dsl.source import Span
from harness.lsp.positions import LspPosition, PositionEncoding, PositionMapper

_KINDS = {
    CompletionKind.FIELD: types.CompletionItemKind.Field,
    CompletionKind.NAME: types.CompletionItemKind.Variable,
    CompletionKind.KNOB: types.CompletionItemKind.Constant,
    CompletionKind.SIGNAL: types.CompletionItemKind.Value,
    CompletionKind.SET: types.CompletionItemKind.Value,
    CompletionKind.VALUE: types.CompletionItemKind.Value,
    CompletionKind.FUNCTION: types.CompletionItemKind.Function,
    CompletionKind.KEYWORD: types.CompletionItemKind.Keyword,
}
"""The icon beside a completion, in the order in which completions are offered."""

_ORDER = {kind: index for index, kind in enumerate(_KINDS)}

_SYMBOLS = {
    Role.FIELD: types.SymbolKind.Field,
    Role.RUNNING: types.SymbolKind.Field,
    Role.MEMORY: types.SymbolKind.Variable,
}


class ProtocolDocument:
    """A document with positions in a client's encoding.

    Args:
        uri: The client's name for it.
        document: The text and its analysis.
        encoding: The unit of the client's columns.
    """

    def __init__(self, uri: str, document: Document, encoding: PositionEncoding):
        self.uri = uri
        self.document = document
        self._positions = PositionMapper(document.source.text, encoding)

    def offset(self, position: types.Position) -> int:
        """Return the offset of a client's position."""
        return self._positions.offset(LspPosition(position.line, position.character))

    def range(self, span: Span) -> types.Range:
        """Return a span as a range of the client."""
        start, end = self._positions.positions(span)
        return types.Range(types.Position(*start), types.Position(*end))

    def location(self, span: Span) -> types.Location:
        """Return a span as a location in this document."""
        return types.Location(self.uri, self.range(span))

    def diagnostics(self) -> list[types.Diagnostic]:
        """Return all diagnostics."""
        return [self.diagnostic(diagnostic) for diagnostic in self.document.diagnostics]

    def diagnostic(self, diagnostic: Diagnostic) -> types.Diagnostic:
        """Return one diagnostic: message, label and help, with its secondary locations."""
        severity = types.DiagnosticSeverity
        parts = [
            diagnostic.message,
            diagnostic.mark.label,
            diagnostic.help and f"help: {diagnostic.help}",
        ]
        return types.Diagnostic(
            range=self.range(diagnostic.mark.span),
            message="\n".join(part for part in parts if part),
            severity=severity.Error if diagnostic.is_error else severity.Warning,
            code=diagnostic.code,
            source="rheo",
            related_information=[
                types.DiagnosticRelatedInformation(self.location(mark.span), mark.label or "here")
                for mark in diagnostic.also
            ],
        )

    def repairs(self, selection: types.Range) -> list[types.CodeAction]:
        """Return the edits of the diagnostics that touch a range."""
        start, end = self.offset(selection.start), self.offset(selection.end)
        return [
            self._repair(diagnostic, diagnostic.edit)
            for diagnostic in self.document.diagnostics
            if diagnostic.edit is not None
            and diagnostic.mark.span.start <= end
            and start <= diagnostic.mark.span.end
        ]

    def _repair(self, diagnostic: Diagnostic, edit: Edit) -> types.CodeAction:
        return types.CodeAction(
            title=self._title(edit),
            kind=types.CodeActionKind.QuickFix,
            diagnostics=[self.diagnostic(diagnostic)],
            is_preferred=True,
            edit=types.WorkspaceEdit(changes={self.uri: [self.text_edit(edit.span, edit.text)]}),
        )

    def _title(self, edit: Edit) -> str:
        old = self.document.source.excerpt(edit.span)
        if not old:
            return f"Insert `{edit.text.strip()}`"
        return f"Replace `{old}` by `{edit.text}`" if edit.text.strip() else f"Remove `{old}`"

    def text_edit(self, span: Span, text: str) -> types.TextEdit:
        """Return the replacement of a span."""
        return types.TextEdit(self.range(span), text)

    def completions(self, completions: Completions, *, snippets: bool) -> types.CompletionList:
        """Return completions; functions have parentheses if the client supports snippets."""
        behind = self.document.source.text[completions.span.end : completions.span.end + 1]
        calls = snippets and behind != "("
        where = self.range(completions.span)
        items = [
            self._completion(completion, where, calls=calls) for completion in completions.found
        ]
        return types.CompletionList(is_incomplete=False, items=items)

    def _completion(
        self, completion: Completion, where: types.Range, *, calls: bool
    ) -> types.CompletionItem:
        calling = calls and completion.kind is CompletionKind.FUNCTION
        form = types.InsertTextFormat.Snippet if calling else types.InsertTextFormat.PlainText
        return types.CompletionItem(
            label=completion.label,
            kind=_KINDS[completion.kind],
            detail=completion.detail,
            documentation=markdown(completion.markdown),
            sort_text=f"{_ORDER[completion.kind]}{completion.label}",
            filter_text=completion.label,
            insert_text_format=form,
            text_edit=types.TextEdit(
                where, f"{completion.label}($0)" if calling else completion.label
            ),
        )

    def symbols(self) -> list[types.DocumentSymbol]:
        """Return the controller, its sections and their declarations."""
        outline = self.document.outline
        if outline.controller is None:
            return []
        name = Span(start_of(outline.controller), end_of(outline.controller))
        end = end_of(self.document.tokens[-1])
        return [
            types.DocumentSymbol(
                name=str(outline.controller),
                kind=types.SymbolKind.Class,
                range=self.range(Span(name.start, end)),
                selection_range=self.range(name),
                children=[self._section(section) for section in outline.sections],
            )
        ]

    def _section(self, section: Section) -> types.DocumentSymbol:
        start = section.span.start
        inside = [
            declared
            for declared in self.document.outline.declared
            if declared.role is not Role.LET and start < declared.span.start < section.span.end
        ]
        return types.DocumentSymbol(
            name=section.word,
            kind=types.SymbolKind.Namespace,
            range=self.range(section.span),
            selection_range=self.range(Span(start, start + len(section.word))),
            children=[self._declared(declared) for declared in inside],
        )

    def _declared(self, declared: Declaration) -> types.DocumentSymbol:
        return types.DocumentSymbol(
            name=declared.name,
            kind=_SYMBOLS.get(declared.role, types.SymbolKind.Constant),
            range=self.range(declared.line),
            selection_range=self.range(declared.span),
        )


def markdown(text: str) -> types.MarkupContent:
    """Return a text as Markdown content."""
    return types.MarkupContent(types.MarkupKind.Markdown, text)
