"""What a session says while it works, made from its events: a line a round."""

from agents.run.directory import RunDirectory
from agents.run.events import Event, minutes
from harness.cli import console


class Narrator:
    """Hears the events of a session, and says what a person wants to know.

    Args:
        run: the run.
    """

    def __init__(self, run: RunDirectory):
        self._run = run
        self._reviews: list[str] = []

    def hear(self, event: Event) -> None:
        """Takes up one event."""
        match event.kind:
            case "started" | "resumed":
                labels = ", ".join(each.label for each in self._run.request.search)
                console.say(f"{self._run.path}: {event.kind}, on {labels}")
            case "archived":
                self._round(event)
            case "waiting":
                console.say(f"{event.candidate} waits for a person:")
                console.say(f"  rheostat approve {self._run.path} {event.candidate} --note …")
                console.say(f"  rheostat reject {self._run.path} {event.candidate} --note …")
            case "decided" | "capped":
                console.say(event.says)
            case _:
                pass

    def _round(self, event: Event) -> None:
        used = sum(each.usage.evaluations for each in self._run.summaries())
        best = "no candidate beats the baselines yet"
        if event.candidate is not None:
            gain = self._run.review(event.candidate).baseline_gain
            best = f"best {event.candidate}"
            if gain is not None:
                best += f" {gain.value:+.2f}, {gain.low:.2f}..{gain.high:.2f} over {gain.against}"
        spent = minutes(self._run.events())
        console.say(f"round {event.round:>3}  {best}  {used:,} programs, {spent:.1f} min")
