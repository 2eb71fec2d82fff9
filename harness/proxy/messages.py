"""The messages of a conversation: only text is included in the prompt.

A client may send back whatever the proxy sent: an assistant's message with its thinking, its
refusal and its annotations. Thinking is left out of the prompt, as in chat templates.
"""

from harness.proxy.rejections import Rejection

ROLES = ("system", "developer", "user", "assistant")

IGNORED_FIELDS = frozenset({"name", "refusal", "annotations"})
"""Fields of any message that are not part of the prompt."""

IGNORED_REPLY_FIELDS = frozenset({
    "reasoning_content", "reasoning", "reasoning_details", "thinking", "thinking_blocks", "audio",
    "provider_specific_fields", "rheostat",
})  # fmt: skip
"""Fields of an assistant's message that hold its thinking, under their usual names; also not part
of the prompt.
"""

_THOUGHTS = frozenset({"reasoning", "thinking", "redacted_thinking"})
"""Types of the parts of an assistant's message that hold its thinking."""


def read_messages(messages: object) -> list[dict[str, str]]:
    """Parse the messages of a request, each with a role and a text.

    Raises:
        Rejection: There are none, one is malformed, or one contains what is not supported.
    """
    if not isinstance(messages, list) or not messages:
        raise Rejection(400, "`messages` is missing or empty", param="messages")
    return [_message(message, f"messages[{index}]") for index, message in enumerate(messages)]


def _message(message: object, path: str) -> dict[str, str]:
    if not isinstance(message, dict):
        raise Rejection(400, f"`{path}` is not an object", param=path)
    role = message.get("role")
    if role not in ROLES:
        known = ", ".join(ROLES)
        raise Rejection(400, f"`{path}.role` is not one of {known}", param=f"{path}.role")
    ignored = IGNORED_FIELDS | (IGNORED_REPLY_FIELDS if role == "assistant" else frozenset())
    for name in message.keys() - ignored - {"role", "content"}:
        if message[name]:
            raise Rejection(
                400, f"`{path}.{name}` is not supported", param=f"{path}.{name}",
                code="unsupported_parameter",
            )  # fmt: skip
    content = _content(message.get("content"), f"{path}.content", of_reply=role == "assistant")
    return {"role": "system" if role == "developer" else role, "content": content}


def _content(content: object, path: str, *, of_reply: bool) -> str:
    if content is None and of_reply:
        return ""  # a reply that was cut off during thinking
    if isinstance(content, list):
        return "".join(
            _part(part, f"{path}[{part}]")
            for part, part in enumerate(content)
            if not (of_reply and isinstance(part, dict) and part.get("type") in _THOUGHTS)
        )
    if not isinstance(content, str):
        raise Rejection(400, f"`{path}` is not text", param=path)
    return content


def _part(part: object, path: str) -> str:
    if isinstance(part, dict) and part.get("type") == "text":
        text = part.get("text")
        if isinstance(text, str):
            return text
    raise Rejection(400, f"`{path}` is not text; only text is supported", param=path)
