"""Trace screen: step through one episode, with its timeline, the acting line, and the state.

Two controllers can be shown side by side, on the same question and seed.
"""

from collections.abc import Callable, Sequence
from typing import ClassVar

from rich.text import Text
from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.widgets import Header
from textual.worker import get_current_worker

from harness.errors import RheostatError
from harness.escaping import escape_line
from harness.messages import format_tokens
from harness.request.controllers import Playable
from store.errors import StoreError
from tui.messages import EpisodeReady, OperationFailed
from tui.model.highlighting import detect_language
from tui.model.replay import RecordingPlayer
from tui.model.timeline import EpisodeTimeline, build_timeline, describe_verb
from tui.screens.base import AppScreen
from tui.screens.help import HELP
from tui.screens.trace_memory import describe_memory
from tui.widgets.episode_picture import EpisodePicture, letter_of, style_of
from tui.widgets.key_footer import KeyFooter
from tui.widgets.outside_text import OutsideStatic
from tui.widgets.source_view import SourceView

SIDES = ("left", "right")


class TraceScreen(AppScreen):
    """Screen that steps through one episode.

    Args:
        players: Recordings to play on.
        names: Names of playable programs, the first one shown first.
        load: Function that loads a program by name; ``None`` if it cannot be played.
        recording: Index of the recording.
        question: Index of the question in the recording.
        beta: Initial β.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "app.pop_screen", "Back"),
        HELP,
        Binding("right,l", "step(1)", "Step", key_display="→"),
        Binding("left,h", "step(-1)", "Step back", key_display="←"),
        Binding("shift+right,L", "step(10)", "Ten forward", show=False),
        Binding("shift+left,H", "step(-10)", "Ten back", show=False),
        Binding("home,g", "end(False)", "Start", show=False),
        Binding("end,G", "end(True)", "End", show=False),
        Binding("n", "question(1)", "Question +"),
        Binding("p", "question(-1)", "Question -", show=False),
        Binding("m", "recording", "Recording"),
        Binding("x", "seed(1)", "Seed +"),
        Binding("X,z", "seed(-1)", "Seed -", show=False),
        Binding("left_square_bracket,minus", "beta(-1)", "β -", key_display="["),
        Binding("right_square_bracket,plus", "beta(1)", "β +", key_display="]"),
        Binding("c", "controller", "Controller"),
        Binding("v", "beside", "Beside"),
    ]

    def __init__(
        self,
        players: RecordingPlayer,
        names: Sequence[str],
        load: Callable[[str], Playable | None],
        *,
        recording: int = 0,
        question: int = 0,
        beta: float = 0.5,
    ):
        super().__init__()
        self._players, self._names, self._load = players, list(names), load
        self._programs: dict[str, Playable | None] = {}
        self._chosen = [0, 0]
        self._choose(1)
        self._recording, self._question, self._seed, self._beta = recording, question, 0, beta
        self._beside = False
        self._moment = 0
        self._ready: list[EpisodeReady | None] = [None, None]

    def compose(self) -> ComposeResult:
        """Compose the header, the timelines, the slider, the source and the state."""
        yield Header()
        yield OutsideStatic(id="episode")
        with Horizontal(id="episodes"):
            for side in SIDES:
                with Vertical(id=f"{side}-half"):
                    yield OutsideStatic(id=f"{side}-name")
                    yield EpisodePicture(id=f"{side}-picture")
        yield OutsideStatic(id="slider")
        with Horizontal(id="lower"):
            yield SourceView(id="current-source")
            with VerticalScroll(id="state-half"):
                yield OutsideStatic(id="state")
        yield KeyFooter()

    def on_mount(self) -> None:
        """Play the first episode."""
        self.query_one("#left-picture").focus()
        self._play()

    # Playing

    def _play(self) -> None:
        self.query_one("#right-half").display = self._beside
        self._ready = [None, None]
        self._head()
        self.play()

    def _key(self, column: int) -> tuple[object, ...]:
        name = self._names[self._chosen[column]]
        return (name, self._recording, self._question, self._seed, self._beta)

    @work(thread=True, exclusive=True, group="play", exit_on_error=False)
    def play(self) -> None:
        """Play the selected episode, on one side or on both."""
        for column in range(1 + self._beside):
            key = self._key(column)
            program = self._program(column)
            if program is None:
                continue
            try:
                episode = self._players.episode(
                    program, self._recording, self._question, self._seed, self._beta
                )
            except (RheostatError, StoreError) as problem:
                self.post_message(OperationFailed(str(problem)))
                continue
            if get_current_worker().is_cancelled:
                return
            self.post_message(
                EpisodeReady(
                    column,
                    key,
                    build_timeline(episode),
                    episode.tokens,
                    bool(episode.right),
                    episode.answer,
                )
            )

    @on(EpisodeReady)
    def _take(self, message: EpisodeReady) -> None:
        if message.key != self._key(message.side):
            return  # another request has replaced the one that this answers
        self._ready[message.side] = message
        if message.side == 0:
            self._moment = len(message.picture.moments)
        self._show()

    @on(OperationFailed)
    def _notify_failure(self, message: OperationFailed) -> None:
        self.notify(message.problem, severity="error", timeout=10)

    def _program(self, column: int) -> Playable | None:
        """Return the program of a side, loaded on first use."""
        name = self._names[self._chosen[column]]
        if name not in self._programs:
            self._programs[name] = self._load(name)
        return self._programs[name]

    def _choose(self, column: int) -> None:
        """Return the next playable program."""
        for _ in self._names:
            self._chosen[column] = (self._chosen[column] + 1) % len(self._names)
            if self._program(column) is not None:
                return

    # Display

    @property
    def _last(self) -> int:
        return max((len(episode.picture.moments) for episode in self._ready if episode), default=0)

    def _head(self) -> None:
        named = self._players.recordings[self._recording]
        question = escape_line(named.recording.questions[self._question].id)
        self.query_one("#episode", OutsideStatic).update(
            f"{escape_line(named.label)}  {question} ({self._question + 1} of"
            f" {len(named.recording.questions)})  seed {self._seed}  β {self._beta:g}"
        )

    def _show(self) -> None:
        for column, side in enumerate(SIDES):
            ready = self._ready[column]
            picture = self.query_one(f"#{side}-picture", EpisodePicture)
            picture.show(ready.picture if ready else None, self._moment)
            name = self._names[self._chosen[column]]
            self.query_one(f"#{side}-name", OutsideStatic).update(_name(name, ready))
        first = self._ready[0]
        self.query_one("#slider", OutsideStatic).update(self._slider(first))
        if first is not None:
            self._below(first.picture)

    def _slider(self, ready: EpisodeReady | None) -> Text:
        if ready is None:
            return Text("playing…", "dim")
        last = max(self._last, 1)
        width = max(10, self.size.width - 44)
        done = round(width * self._moment / last)
        moments = ready.picture.moments
        spent = moments[self._moment - 1].spent if 0 < self._moment <= len(moments) else 0
        if self._moment > len(moments):
            spent = ready.tokens
        text = Text(f"step {self._moment:>3} of {last:<3} ")
        text.append("━" * done, "cyan").append("╸" if done < width else "", "cyan")
        text.append("─" * max(0, width - done - 1), "dim")
        return text.append(f" {format_tokens(spent)} tokens")

    def _below(self, timeline: EpisodeTimeline) -> None:
        source = self.query_one("#current-source", SourceView)
        program = self._program(0)
        assert program is not None  # an episode of it was played
        index = min(self._moment, len(timeline.moments))
        moment = timeline.moments[index - 1] if index else None
        source.show(program.source.text, language=detect_language(program))
        source.mark(moment.line if moment is not None else None)
        text = Text()
        if moment is not None:
            text.append(describe_verb(moment.verb), "bold")
            text.append(f"  +{format_tokens(moment.charged)} tokens\n")
            if moment.verb.because is not None:
                text.append(f"because {escape_line(moment.verb.because)}\n", "italic")
        standing = timeline.standing(index)
        if standing.leader is None:
            text.append("no votes yet\n", "dim")
        else:
            letter = letter_of(standing.leader, timeline.gold)
            text.append(f" {letter} ", style_of(standing.leader, timeline.gold))
            answer = escape_line(timeline.answers[standing.leader])
            share = standing.votes / max(standing.voters, 1)
            word = "tied for first" if standing.tied else "leads"
            text.append(
                f" {answer[:30]} {word}, {standing.votes} of {standing.voters} ({share:.0%})\n"
            )
        text.append(
            f"{standing.active} active, {standing.finished} finished, {standing.pruned} pruned\n",
            "dim",
        )
        if moment is not None:
            acted = {action.branch for action in moment.actions if action.branch is not None}
            text.append_text(describe_memory(moment.memory, acted))
        text.append_text(_legend(timeline))
        self.query_one("#state", OutsideStatic).update(text)

    # Actions

    def action_step(self, by: int) -> None:
        """Step through the actions."""
        self._moment = min(self._last, max(0, self._moment + by))
        self._show()

    def action_end(self, last: bool) -> None:
        """Go to the beginning or the end."""
        self._moment = self._last if last else 0
        self._show()

    def action_question(self, by: int) -> None:
        """Show another question of the recording."""
        count = len(self._players.recordings[self._recording].recording.questions)
        self._question = (self._question + by) % count
        self._play()

    def action_recording(self) -> None:
        """Show the next recording."""
        self._recording = (self._recording + 1) % len(self._players.recordings)
        count = len(self._players.recordings[self._recording].recording.questions)
        self._question = min(self._question, count - 1)
        self._play()

    def action_seed(self, by: int) -> None:
        """Show another order of the branches."""
        self._seed = max(0, self._seed + by)
        self._play()

    def action_beta(self, by: int) -> None:
        """Show another β."""
        self._beta = round(min(1.0, max(0.0, self._beta + by / 10)), 1)
        self._play()

    def action_controller(self) -> None:
        """Show the next controller, on the side that was added last."""
        column = 1 if self._beside else 0
        self._choose(column)
        self._play()

    def action_beside(self) -> None:
        """Show or hide a second controller."""
        self._beside = not self._beside
        self._play()


def _name(name: str, ready: EpisodeReady | None) -> Text:
    text = Text(name, "bold")
    if ready is None:
        return text.append("  playing…", "dim")
    verdict = "right" if ready.right else "wrong"
    text.append(f"  {verdict}", "green" if ready.right else "red")
    return text.append(
        f", {format_tokens(ready.tokens)} tokens, {len(ready.picture.rows)} branches"
    )


def _legend(timeline: EpisodeTimeline) -> Text:
    text = Text("\n")
    for number, answer in enumerate(timeline.answers[:6]):
        text.append(f" {letter_of(number, timeline.gold)} ", style_of(number, timeline.gold))
        gold = " gold" if number == timeline.gold else ""
        text.append(f" {escape_line(answer)[:24]}{gold}  ")
    if timeline.gold is None:
        text.append("\nno branch gave the gold answer", "yellow")
    return text.append("\n─ not revealed  ■ finished  ✕ pruned", "dim")
