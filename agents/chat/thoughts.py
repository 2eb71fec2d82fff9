"""Thoughts of a reasoning model, which are no part of its reply."""

import re

_NAMES = r"(?:seed:)?(?:think(?:ing)?|thoughts?|reason(?:ing)?|analysis|scratchpad)"
_END_OF_THOUGHT = re.compile(
    rf"<\s*/\s*{_NAMES}\s*>|\[/{_NAMES}\]|◁/{_NAMES}▷"
    r"|<\|end_of_thought\|>|<\|channel\|>\s*final\s*<\|message\|>",
    re.IGNORECASE,
)
"""The marks by which models close their thoughts; templates often hold the opening one."""
_THOUGHT = re.compile(
    rf"(?:<\s*{_NAMES}\s*>|\[{_NAMES}\]|◁{_NAMES}▷|<\|begin_of_thought\|>)"
    rf".*?(?:{_END_OF_THOUGHT.pattern})\s*",
    re.DOTALL | re.IGNORECASE,
)


def without_thoughts(text: str) -> str:
    """Return what follows the last closing mark of thought.

    All that precedes it is thought, whether or not an opening mark is part of the reply. Where
    nothing follows, the model thought after it had replied, and its pairs of marks are left out.
    """
    marks = list(_END_OF_THOUGHT.finditer(text))
    if not marks:
        return text
    after = text[marks[-1].end() :].lstrip()
    return after or without_thoughts(_THOUGHT.sub("", text)) if _THOUGHT.search(text) else after
