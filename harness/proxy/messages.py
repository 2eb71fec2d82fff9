"""The messages of a conversation, as clients send them: text alone gets into the prompt.

A client may send back whatever the proxy sent: an assistant's message with its thoughts, its
refusal and its annotations. Thoughts are left out of the prompt, as chat templates leave them out.
"""

from harness.proxy.rejections import Rejection

ROLES = ("system", "developer", "user", "assistant")

LEFT_OUT = frozenset({"name", "refusal", "annotations"})
"""Fields of any message that do not get into the prompt."""

LEFT_OUT_OF_REPLIES = frozenset({
    "reasoning_content", "reasoning", "reasoning_details", "thinking", "thinking_blocks", "audio",
    "provider_specific_fields", "rheostat",
})  # fmt: skip
"""Fields of an assistant's message that do not either: its thoughts, under their usual names."""

_THOUGHTS = frozenset({"reasoning", "thinking", "redacted_thinking"})
"""Types of the parts of an assistant's message that hold its thoughts."""


def read_messages(given: object) -> list[dict[str, str]]:
    """Read the messages of a request, each with a role and a text.

    Raises:
        Rejection: there are none, or one is malformed, or holds what cannot be honoured.
    """
    if not isinstance(given, list) or not given:
        raise Rejection(400, "`messages` is missing or empty", param="messages")
    return [_message(each, f"messages[{at}]") for at, each in enumerate(given)]


def _message(given: object, path: str) -> dict[str, str]:
    if not isinstance(given, dict):
        raise Rejection(400, f"`{path}` is no object", param=path)
    role = given.get("role")
    if role not in ROLES:
        known = ", ".join(ROLES)
        raise Rejection(400, f"`{path}.role` is not one of {known}", param=f"{path}.role")
    left_out = LEFT_OUT | (LEFT_OUT_OF_REPLIES if role == "assistant" else frozenset())
    for name in given.keys() - left_out - {"role", "content"}:
        if given[name]:
            raise Rejection(
                400, f"`{path}.{name}` cannot be honoured", param=f"{path}.{name}",
                code="unsupported_parameter",
            )  # fmt: skip
    content = _content(given.get("content"), f"{path}.content", of_reply=role == "assistant")
    return {"role": "system" if role == "developer" else role, "content": content}


def _content(given: object, path: str, *, of_reply: bool) -> str:
    if given is None and of_reply:
        return ""  # a reply that was cut off while the model thought
    if isinstance(given, list):
        return "".join(
            _part(each, f"{path}[{at}]")
            for at, each in enumerate(given)
            if not (of_reply and isinstance(each, dict) and each.get("type") in _THOUGHTS)
        )
    if not isinstance(given, str):
        raise Rejection(400, f"`{path}` is no text", param=path)
    return given


def _part(given: object, path: str) -> str:
    if isinstance(given, dict) and given.get("type") == "text":
        text = given.get("text")
        if isinstance(text, str):
            return text
    raise Rejection(400, f"`{path}` is no text, and only text is read", param=path)
