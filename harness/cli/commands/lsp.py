"""``rheostat lsp``: the language server."""

from harness.cli.declare import command


@command("lsp", examples=[("rheostat lsp", "Serves an editor, which starts it by itself.")])
def lsp() -> None:
    """Serves an editor over stdin and stdout, as `rheostat explain editors` sets it up.

    It speaks the Language Server Protocol: errors as you type with their repairs, what a word
    means, completion, declarations, formatting and the outline.
    """
    from harness.errors import SurroundingsError
    from store.extras import install_command

    try:
        from harness.lsp.server import serve
    except ModuleNotFoundError as missing:
        package = (missing.name or "").partition(".")[0]
        if package not in {"pygls", "lsprotocol"}:
            raise
        raise SurroundingsError(
            f"the language server needs {package}, which is not installed",
            hint=f"install rheostat with its extra: {install_command('lsp')}",
        ) from missing
    serve()
