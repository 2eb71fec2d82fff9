"""Parameter types: how values on the command line are converted and checked."""

import math
from pathlib import Path
from typing import Any

import click

HOTTEST, COOLEST = 2, 0.01
"""Bounds of vLLM's temperatures above 0."""


class FilePath(click.Path):
    """A path. Whether it is readable is checked on opening: no permission is not bad input."""

    def __init__(self, *, file_okay: bool = True, dir_okay: bool = True, allow_dash: bool = False):
        super().__init__(
            file_okay=file_okay, dir_okay=dir_okay, allow_dash=allow_dash, readable=False,
            path_type=Path,
        )  # fmt: skip

    def convert(
        self,
        value: Any,  # noqa: ANN401
        param: click.Parameter | None,
        ctx: click.Context | None,
    ) -> Any:  # noqa: ANN401
        """Return the path, or fail with its actual type.

        Args:
            value: The value as typed.
            param: The parameter.
            ctx: The context.
        """
        path = Path(value)
        if (path.is_file() and not self.file_okay) or (path.is_dir() and not self.dir_okay):
            from store.file_kinds import file_kind

            kind, wanted = file_kind(path), "a file" if self.file_okay else "a directory"
            if kind is not None:
                use = kind.use(path)
                self.fail(f"{path} is {kind.description}, not {wanted}; {use}", param, ctx)
        return super().convert(value, param, ctx)


class WholeNumber(click.IntRange):
    """An integer, between bounds if there are any."""

    def convert(
        self,
        value: Any,  # noqa: ANN401
        param: click.Parameter | None,
        ctx: click.Context | None,
    ) -> int:
        """Return the number, or fail with the reason.

        Args:
            value: The value as typed.
            param: The parameter.
            ctx: The context.
        """
        try:
            number = int(value)
        except ValueError:
            self.fail(f"{value!r} is not a whole number", param, ctx)
        return int(super().convert(number, param, ctx))


class FiniteNumber(click.FloatRange):
    """A finite number, between bounds if there are any."""

    def convert(
        self,
        value: Any,  # noqa: ANN401
        param: click.Parameter | None,
        ctx: click.Context | None,
    ) -> float:
        """Return the number, or fail with the reason.

        Args:
            value: The value as typed.
            param: The parameter.
            ctx: The context.
        """
        number = float(super().convert(value, param, ctx))
        if not math.isfinite(number):
            self.fail(f"{value!r} is not a finite number", param, ctx)
        return number


class Temperature(FiniteNumber):
    """A temperature that vLLM uses without changing it."""

    def __init__(self) -> None:
        super().__init__(0, HOTTEST)

    def convert(
        self,
        value: Any,  # noqa: ANN401
        param: click.Parameter | None,
        ctx: click.Context | None,
    ) -> float:
        """Return the number, or fail with the reason.

        Args:
            value: The value as typed.
            param: The parameter.
            ctx: The context.
        """
        number = super().convert(value, param, ctx)
        if 0 < number < COOLEST:
            self.fail(
                f"vLLM raises temperatures below {COOLEST} to that value; use 0, or {COOLEST} or"
                " more",
                param, ctx,
            )  # fmt: skip
        return number
