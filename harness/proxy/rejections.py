"""Refusals of the proxy, in the error format of OpenAI's clients."""

from typing import Any

from store.serving.errors import Refused, ServingError


class Rejection(Exception):
    """A request that is refused.

    Args:
        status: The HTTP status.
        message: One sentence.
        kind: OpenAI's ``type``.
        param: The invalid parameter, if there is one.
        code: OpenAI's ``code``, if it has one for this.
        retry_after: Seconds after which to retry.
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
        """Return the body of the response."""
        return {
            "error": {
                "message": self.message, "type": self.kind, "param": self.param, "code": self.code,
            }
        }  # fmt: skip


def upstream_failure(problem: ServingError) -> Rejection:
    """Return a failure of the model's server; its address is not disclosed."""
    if isinstance(problem, Refused):
        return Rejection(
            502, f"the model's server refuses the request: {problem.problem}", kind="api_error",
            code="upstream_refused",
        )  # fmt: skip
    return Rejection(
        502, "the model's server returned an invalid response", kind="api_error",
        code="upstream_error", retry_after=5,
    )  # fmt: skip


def fault() -> Rejection:
    """Return a fault in rheostat; the proxy's own output has the details."""
    return Rejection(500, "internal error in the proxy", kind="api_error", code="internal_error")


def controller_failure() -> Rejection:
    """Return a failure of the controller; the proxy's own output has the details."""
    return Rejection(500, "the controller failed", kind="api_error", code="controller_failed")
