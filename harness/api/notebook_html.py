"""HTML that notebooks show, in the styles of every frontend."""

from harness.escaping import escape_xml


def render_text(text: str) -> str:
    """Return a text in columns, such as a program; frontends differ in the font of ``<pre>``."""
    style = "font-family: monospace; white-space: pre-wrap; word-break: normal"
    return f'<pre style="{style}">{escape_xml(text)}</pre>'


def render_frame(page: str) -> str:
    """Return a frame that shows a whole page with its own styles.

    Args:
        page: HTML that needs no other file.
    """
    style = "width: 100%; height: 45em; border: none"
    return f'<iframe srcdoc="{escape_xml(page)}" style="{style}"></iframe>'
