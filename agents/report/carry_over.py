"""The share of a gain that holds on data that did not decide it."""

from typing import NamedTuple

import numpy as np

from agents.formatting import format_bounds
from harness.evaluation.bootstrap import Floats, Stratum, interval, resample


class KeptShare(NamedTuple):
    """A share of a gain with its interval of 95 %; ``None`` if nothing was gained."""

    share: float | None
    low: float | None
    high: float | None


def estimate_kept_share(gains: Floats) -> KeptShare:
    """Estimate the share of gains that was kept on other data, by bootstrap over rows.

    Args:
        gains: Array (N, 2): in each row a gain on the data that decided, and on the other.
    """
    shown_total, withheld_total = gains.sum(axis=0)
    if shown_total <= 0:
        return KeptShare(None, None, None)
    totals = resample([Stratum(gains, 1.0)])
    shares = totals[:, 1] / np.where(totals[:, 0] > 0, totals[:, 0], np.nan)
    bounds = interval(shares[np.isfinite(shares)])
    share = round(float(withheld_total / shown_total), 3)
    return KeptShare(share, round(bounds.low, 3), round(bounds.high, 3))


def format_kept_share(share: float, low: float | None, high: float | None) -> str:
    """Format a share and its interval in percent: ``62 % (40..85)``.

    Args:
        share: The share; 1 is all.
        low: Lower end of its interval.
        high: Upper end of its interval.
    """
    return f"{100 * share:.0f} % ({format_bounds(100 * (low or 0.0), 100 * (high or 0.0), 0)})"
