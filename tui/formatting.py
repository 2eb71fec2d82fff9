"""Format states, ages, amounts and intervals for the app."""

from rich.text import Text

from agents.formatting import NO_VALUE, format_gain
from agents.run.records import Gain
from tui.model.run_reader import CandidateView, RunView

_STATES = {"at work": "green", "ended": "dim", "stopped": "yellow", "damaged": "red"}
_VERDICTS = {
    "best": "bold green", "kept": "", "refused": "yellow", "unsound": "red", "rejected": "red",
}  # fmt: skip


def format_state(view: RunView) -> Text:
    """Format the state of a run with colour; a silent run at work is highlighted."""
    if view.hangs:
        return Text(f"silent for {ago(view.age).removesuffix(' ago')}", "bold red")
    style = "bold yellow" if view.waiting else _STATES.get(view.state, "")
    return Text(view.state, style)


def format_verdict(candidate: CandidateView, *, waits: bool = False) -> Text:
    """Format a candidate's verdict with colour; one that waits for a decision is highlighted."""
    if waits:
        return Text("waits", "bold yellow")
    return Text(candidate.verdict, _VERDICTS.get(candidate.verdict, "dim"))


def ago(seconds: float | None) -> str:
    """Format an age."""
    if seconds is None:
        return "-"
    for size, unit in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if seconds >= size:
            return f"{int(seconds // size)} {unit} ago"
    return f"{int(max(seconds, 0))} s ago"


def format_usd(usd: float) -> str:
    """Format dollars; a dash for none."""
    return f"{usd:.2f}" if usd else "-"


def format_interval(gain: Gain | None) -> str:
    """Format a gain with its interval."""
    if gain is None:
        return NO_VALUE
    return format_gain(gain.value, gain.low, gain.high, bound_decimals=1, signed_bounds=True)
