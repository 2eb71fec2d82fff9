"""What an editor asks of Rheo, over plain offsets; no protocol, no files.

All of it answers for texts with errors too, as far as they make sense.
"""

from dsl.editor.completion import Completion, CompletionKind, Completions, find_completions
from dsl.editor.document import Document
from dsl.editor.hover import Hover, find_definition, find_hover

__all__ = [
    "Completion",
    "CompletionKind",
    "Completions",
    "Document",
    "Hover",
    "find_completions",
    "find_definition",
    "find_hover",
]
