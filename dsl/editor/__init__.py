"""What an editor asks of Rheo, over plain offsets; no protocol, no files.

All of it answers for texts with errors too, as far as they make sense.
"""

from dsl.editor.completion import Completion, Completions, Kind, complete
from dsl.editor.document import Document
from dsl.editor.hover import Hover, definition, hover

__all__ = [
    "Completion",
    "Completions",
    "Document",
    "Hover",
    "Kind",
    "complete",
    "definition",
    "hover",
]
