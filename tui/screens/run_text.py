"""Texts of the run screen: its state, the rows of its table, the rationale of a candidate."""

from rich.text import Text

from harness.messages import format_count, format_tokens
from tui.formatting import ago, format_interval, format_state, format_usd, format_verdict
from tui.model.candidate_figures import PointMeans
from tui.model.run_reader import CandidateView, RunView


def format_standing(view: RunView) -> Text:
    """Format the state of a run: round, best candidate, spending, last event."""
    text = format_state(view)
    best = view.candidate(view.best) if view.best else None
    parts = [f"round {view.begun}"]
    minutes = None if view.request is None else view.request.caps.minutes
    if view.request is not None and minutes is None:  # with minutes, rounds are rarely the limit
        parts[0] += f" of {view.request.caps.rounds}"
    if view.objective is not None:
        gain = f", {format_interval(best.gain)}" if best is not None else ""
        parts.append(f"best {view.best or 'a baseline'} {view.objective:.2f}{gain}")
    plays = "program" if view.request is None else view.request.plays
    parts.append(format_count(view.used.evaluations, plays))
    if view.used.usd or view.used.tokens_in:
        tokens = format_tokens(view.used.tokens_in + view.used.tokens_out)
        parts.append(f"{tokens} tokens, {format_usd(view.used.usd)} dollars")
    limit = "" if minutes is None else f" of {minutes:g}"
    parts.append(f"{view.minutes:.1f}{limit} min")
    if view.state == "at work" and view.playing[0]:
        parts.append(f"{view.playing[0].partition(':')[0]} has played {view.playing[1]}")
    parts.append(f"last event {ago(view.age)}")
    if view.ending is not None and view.state == "ended":
        parts.append(view.ending.reason)
    text.append("  " + " · ".join(parts), "")
    if view.problem:
        text.append(f"\n{view.problem}", "red")
    return text


def format_cells(
    candidate: CandidateView, point: PointMeans | None, *, waits: bool
) -> list[Text | str]:
    """Format the table row of a controller.

    Args:
        candidate: Candidate of the row.
        point: Its accuracy and tokens; ``None`` if it has none.
        waits: Whether it waits for a decision.
    """
    return [
        candidate.name,
        format_verdict(candidate, waits=waits),
        f"{point.accuracy:.1f}" if point else "-",
        format_tokens(point.cost) if point else "-",
        format_tokens(point.sequential) if point and point.sequential is not None else "-",
        f"{candidate.objective:.2f}" if candidate.objective is not None else "-",
        format_interval(candidate.gain),
        candidate.parent or "-",
        candidate.proposer.partition(":")[0],
    ]


def format_trial_cells(candidate: CandidateView, *, waits: bool) -> list[Text | str]:
    """Format the table row of an allocation."""
    cost, score = (None, None) if candidate.trial is None else candidate.trial
    return [
        candidate.name,
        format_verdict(candidate, waits=waits),
        "-" if score is None else f"{score:.2f}",
        "-" if cost is None else f"{cost:.4g}",
        format_interval(candidate.gain),
        candidate.proposer.partition(":")[0],
    ]


def format_rationale(chosen: CandidateView | None, beta: float | None, sort: str) -> Text:
    """Format the proposer's rationale, the review and the diagnostics of a candidate.

    Args:
        chosen: Candidate under the cursor; ``None`` if there is none.
        beta: Value of β whose figures the table shows; ``None`` for a run of trials.
        sort: Column that the table is sorted by.
    """
    text = Text("" if beta is None else f"β {beta:g}, ", "dim")
    text.append(f"sorted by {sort}\n", "dim")
    if chosen is None:
        return text.append("No candidates yet.")
    text.append(f"\n{chosen.name}", "bold")
    text.append(f" by {chosen.proposer}\n")
    text.append(f"{chosen.words or 'No rationale.'}\n")
    if chosen.reasons:
        text.append("\n" + "\n".join(chosen.reasons) + "\n", "yellow")
    if chosen.by_recording:
        text.append("\n")
        for label, value in chosen.by_recording.items():
            text.append(f"{value:>7.2f}  {label}\n", "dim")
    if chosen.diagnostics:
        text.append(f"\n{chosen.diagnostics}\n", "red")
    return text
