"""Progress of a session in the terminal: a line per round and a bar within it."""

from contextlib import ExitStack

from agents.formatting import format_gain
from agents.run.directory import RunDirectory
from agents.run.events import Event, count_minutes
from agents.run.records import Gain, Request
from harness.cli import console


class ProgressReporter:
    """Print the progress of a session from its events.

    Args:
        run: Run directory.
    """

    def __init__(self, run: RunDirectory):
        self._run = run
        self._bar = ExitStack()
        self._advance: console.Advance = lambda done: None
        self._played: dict[str, int] = {}

    def handle(self, event: Event) -> None:
        """Handle one event."""
        match event.kind:
            case "started" | "resumed":
                labels = _subject(self._run.request)
                console.info(f"{self._run.path}: {event.kind}, on {labels}")
            case "round":
                self._show(event)
            case "searching":
                self._move(event)
            case "archived":
                self.close()
                self._round(event)
            case "waiting":
                self.close()
                console.info(self._waiting(str(event.candidate)))
                console.info(f"  rheostat approve {self._run.path} {event.candidate} --note …")
                console.info(f"  rheostat reject {self._run.path} {event.candidate} --note …")
            case "decided" | "capped":
                console.info(event.says)
            case _:
                pass

    def close(self) -> None:
        """Remove the bar."""
        self._bar.close()
        self._advance = lambda done: None

    def _show(self, event: Event) -> None:
        self.close()
        request = self._run.request
        if request.allocation is not None:
            return
        total = request.round_evaluations
        self._played = {}
        self._advance = self._bar.enter_context(console.progress(f"round {event.round}", total))

    def _move(self, event: Event) -> None:
        """Advance the bar by the programs played since the proposer's last event."""
        if event.data.get("problem"):
            console.info(f"round {event.round:>3}  {event.proposer}: {event.data['problem']}")
        if event.data.get("warning"):
            console.warn(f"{event.proposer}: {event.says}")
        played, name = int(event.data.get("played", 0)), event.proposer or ""
        self._advance(played - self._played.get(name, 0))
        self._played[name] = played

    def _waiting(self, candidate: str) -> str:
        """Describe a candidate that waits: its gain and the path of its source."""
        gain = self._run.review(candidate).baseline_gain
        gains = ""
        if gain is not None:
            gains = f", {_format_gain(gain)}"
        source = self._run.source_path(candidate)
        return f"{candidate} waits for review{gains}: {source}"

    def _round(self, event: Event) -> None:
        summaries = self._run.summaries()
        used = sum(each.usage.evaluations for each in summaries)
        if self._run.request.allocation is not None:
            self._trials(event, used)
            return
        best = "no candidate beats the baselines yet"
        if event.candidate is not None:
            gain = self._run.review(event.candidate).baseline_gain
            best = f"best {event.candidate}: {summaries[-1].objective:.2f}"
            if gain is not None:
                best += f", {_format_gain(gain)}"
        spent = count_minutes(self._run.events())
        console.info(f"round {event.round:>3}  {best}  {used:,} programs, {spent:.1f} min")

    def _trials(self, event: Event, used: int) -> None:
        """Print a line if the latest trial is the best so far."""
        summary = self._run.summaries()[-1]
        if event.candidate not in summary.candidates:
            return
        review = self._run.review(str(event.candidate))
        console.info(f"trial {used:>3}  best {event.candidate}: {'; '.join(review.reasons)}")


def _format_gain(gain: Gain) -> str:
    return f"{format_gain(gain.value, gain.low, gain.high)} over {gain.against}"


def _subject(request: Request) -> str:
    """Describe what a run searches on."""
    allocation = request.allocation
    if allocation is None:
        return ", ".join(each.label for each in request.search)
    return f"{allocation.pipeline.name}, with a budget of {allocation.budget:g}"
