"""What the proxy says no to, in the shape that OpenAI's clients read."""

from typing import Any

from store.serving.errors import Refused, ServingError


class Rejection(Exception):
    """A request that is not answered.

    Args:
        status: of HTTP.
        message: one sentence.
        kind: OpenAI's ``type``.
        param: the parameter that is at fault, if one is.
        code: OpenAI's ``code``, where it has one for this.
        retry_after: seconds after which to ask again.
    """

    def __init__(
        self,
        status: int,
        message: str,
        *,
        kind: str = "invalid_request_error",
        param: str | None = None,
        code: str | None = None,
        retry_after: int | None = None,
    ):
        super().__init__(message)
        self.status = status
        self.message = message
        self.kind = kind
        self.param = param
        self.code = code
        self.retry_after = retry_after

    @property
    def document(self) -> dict[str, Any]:
        """The body of the reply."""
        return {
            "error": {
                "message": self.message, "type": self.kind, "param": self.param, "code": self.code,
            }
        }  # fmt: skip


def upstream_failure(problem: ServingError) -> Rejection:
    """Return a server behind the proxy that does not play its part; its address stays here."""
    if isinstance(problem, Refused):
        return Rejection(
            502, f"the model's server refuses the request: {problem.problem}", kind="api_error",
            code="upstream_refused",
        )  # fmt: skip
    return Rejection(
        502, "the model's server does not answer as it should", kind="api_error",
        code="upstream_error", retry_after=5,
    )  # fmt: skip


def fault() -> Rejection:
    """Return a fault in rheostat; how, is told where the proxy runs."""
    return Rejection(500, "a fault in the proxy", kind="api_error", code="internal_error")


def controller_failure() -> Rejection:
    """Return a controller that failed; how, is told where the proxy runs."""
    return Rejection(500, "the controller failed", kind="api_error", code="controller_failed")
