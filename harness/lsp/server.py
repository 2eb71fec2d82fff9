"""The language server: handlers of requests. Its only state is the open documents."""

from importlib.metadata import version

from lsprotocol import types
from pygls.lsp.server import LanguageServer

from dsl.diagnostics import DslError
from dsl.editor import Document, find_completions, find_definition, find_hover
from dsl.formatter import format_source
from dsl.source import Source, Span
from harness.lsp.positions import PositionEncoding
from harness.lsp.protocol_document import ProtocolDocument, markdown


class RheoLanguageServer(LanguageServer):
    """A language server for Rheo. Clients send whole texts, because programs are short."""

    def __init__(self) -> None:
        super().__init__(
            "rheostat",
            version("rheostat"),
            text_document_sync_kind=types.TextDocumentSyncKind.Full,
        )
        self._open: dict[str, ProtocolDocument] = {}

    def read(self, uri: str) -> None:
        """Read a document as the client has it now, and publish its diagnostics."""
        text = self.workspace.get_text_document(uri)
        agreed = types.PositionEncodingKind(self.workspace.position_encoding or "utf-16")
        spoken = ProtocolDocument(
            uri, Document(Source(text.source, uri)), PositionEncoding(agreed.value)
        )
        self._open[uri] = spoken
        self.text_document_publish_diagnostics(
            types.PublishDiagnosticsParams(uri, spoken.diagnostics(), text.version)
        )

    def forget(self, uri: str) -> None:
        """Remove a document and its diagnostics."""
        self._open.pop(uri, None)
        self.text_document_publish_diagnostics(types.PublishDiagnosticsParams(uri, []))

    def document(self, uri: str) -> ProtocolDocument:
        """Return an open document."""
        if uri not in self._open:
            self.read(uri)
        return self._open[uri]


def serve() -> None:
    """Serve one client over standard input and output until it leaves."""
    make_server().start_io()


def make_server() -> RheoLanguageServer:
    """Return a server with all its features, not started."""
    server = RheoLanguageServer()
    server.feature(types.TEXT_DOCUMENT_DID_OPEN)(_opened)
    server.feature(types.TEXT_DOCUMENT_DID_CHANGE)(_changed)
    server.feature(types.TEXT_DOCUMENT_DID_CLOSE)(_closed)
    server.feature(types.TEXT_DOCUMENT_HOVER)(_hover)
    server.feature(
        types.TEXT_DOCUMENT_COMPLETION, types.CompletionOptions(trigger_characters=["."])
    )(_complete)
    server.feature(types.TEXT_DOCUMENT_DEFINITION)(_definition)
    server.feature(types.TEXT_DOCUMENT_FORMATTING)(_format)
    server.feature(types.TEXT_DOCUMENT_DOCUMENT_SYMBOL)(_symbols)
    server.feature(
        types.TEXT_DOCUMENT_CODE_ACTION,
        types.CodeActionOptions(code_action_kinds=[types.CodeActionKind.QuickFix]),
    )(_repairs)
    return server


def _opened(server: RheoLanguageServer, params: types.DidOpenTextDocumentParams) -> None:
    server.read(params.text_document.uri)


def _changed(server: RheoLanguageServer, params: types.DidChangeTextDocumentParams) -> None:
    server.read(params.text_document.uri)


def _closed(server: RheoLanguageServer, params: types.DidCloseTextDocumentParams) -> None:
    server.forget(params.text_document.uri)


def _hover(server: RheoLanguageServer, params: types.HoverParams) -> types.Hover | None:
    spoken = server.document(params.text_document.uri)
    hover = find_hover(spoken.document, spoken.offset(params.position))
    if hover is None:
        return None
    return types.Hover(markdown(hover.markdown), spoken.range(hover.span))


def _complete(server: RheoLanguageServer, params: types.CompletionParams) -> types.CompletionList:
    spoken = server.document(params.text_document.uri)
    completions = find_completions(spoken.document, spoken.offset(params.position))
    return spoken.completions(completions, snippets=_knows_snippets(server.client_capabilities))


def _knows_snippets(client: types.ClientCapabilities) -> bool:
    documents = client.text_document
    completion = documents and documents.completion
    item = completion and completion.completion_item
    return bool(item and item.snippet_support)


def _definition(
    server: RheoLanguageServer, params: types.DefinitionParams
) -> types.Location | None:
    spoken = server.document(params.text_document.uri)
    definition = find_definition(spoken.document, spoken.offset(params.position))
    return None if definition is None else spoken.location(definition)


def _format(
    server: RheoLanguageServer, params: types.DocumentFormattingParams
) -> list[types.TextEdit] | None:
    """Return one edit of the whole text, or none; a text with syntax errors is unchanged."""
    spoken = server.document(params.text_document.uri)
    source = spoken.document.source
    try:
        text = format_source(source)
    except DslError:
        return None
    if "\r\n" in source.text:
        text = text.replace("\n", "\r\n")
    if text == source.text:
        return []
    return [spoken.text_edit(Span(0, len(source.text)), text)]


def _symbols(
    server: RheoLanguageServer, params: types.DocumentSymbolParams
) -> list[types.DocumentSymbol]:
    return server.document(params.text_document.uri).symbols()


def _repairs(server: RheoLanguageServer, params: types.CodeActionParams) -> list[types.CodeAction]:
    return server.document(params.text_document.uri).repairs(params.range)
