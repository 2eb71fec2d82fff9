"""Remove the thoughts of a reasoning model from its reply."""

import re

_NAMES = r"(?:seed:)?(?:think(?:ing)?|thoughts?|reason(?:ing)?|analysis|scratchpad)"
_END_OF_THOUGHT = re.compile(
    rf"<\s*/\s*{_NAMES}\s*>|\[/{_NAMES}\]|◁/{_NAMES}▷"
    r"|<\|end_of_thought\|>|<\|channel\|>\s*final\s*<\|message\|>",
    re.IGNORECASE,
)
"""Closing marks of thoughts; chat templates often contain the opening one."""
_THOUGHT = re.compile(
    rf"(?:<\s*{_NAMES}\s*>|\[{_NAMES}\]|◁{_NAMES}▷|<\|begin_of_thought\|>)"
    rf".*?(?:{_END_OF_THOUGHT.pattern})\s*",
    re.DOTALL | re.IGNORECASE,
)


def without_thoughts(text: str) -> str:
    """Return the text after the last closing mark of thought.

    Everything before it is thought, with or without an opening mark. If nothing follows, the model
    thought after replying, and its marked thoughts are removed.
    """
    marks = list(_END_OF_THOUGHT.finditer(text))
    if not marks:
        return text
    after = text[marks[-1].end() :].lstrip()
    return after or without_thoughts(_THOUGHT.sub("", text)) if _THOUGHT.search(text) else after
