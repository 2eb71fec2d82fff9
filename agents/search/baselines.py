"""The controllers that candidates are held against, and at which settings they make a curve."""

from agents.run.records import BaselineRef

_WIDTHS = (1, 2, 4, 8, 16, 32, 64)

HAND_MADE = [
    BaselineRef(controller="sc", settings=[{"n": n} for n in _WIDTHS]),
    BaselineRef(controller="asc", settings=[{"n": n} for n in _WIDTHS]),
    BaselineRef(controller="esc", settings=[
        {"n": n, "size": size}
        for n, size in ((1, 1), (2, 2), (4, 2), (8, 4), (16, 8), (32, 8), (64, 8))
    ]),
    BaselineRef(controller="parallel_probe", settings=[{"n": n} for n in _WIDTHS]),
]  # fmt: skip
"""The default. The published discovered controller is no part of it: the report shows it beside."""
