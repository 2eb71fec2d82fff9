"""A search for controllers: started, followed, resumed and read."""

import multiprocessing
import os
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Unpack

from agents.api.discovery_options import DiscoveryOptions, normalise_options
from agents.api.discovery_report import DiscoveryReport
from agents.chat.settings import ChatSettings
from agents.external_agents.settings import AgentSettings
from agents.loop.session import SessionOptions, run_session
from agents.report.computation import SEEDS
from agents.report.evaluation import ReportServices
from agents.report.writer import write_report
from agents.run.damage import describe_state, find_damage
from agents.run.directory import RunDirectory, open_run
from agents.run.events import Event, EventFollower, PlayedPrograms
from agents.run.records import Review
from agents.run.texts import read_run_text
from agents.setup.discovery_request import begin_run, resume_run
from agents.setup.discovery_session import build_session
from harness.api import Controller, DataTable, InputError
from harness.api.argument_checks import as_path, check_threads, check_whole
from harness.api.exceptions import translated_errors, warn_all
from harness.api.progress import track_progress
from harness.api.recording import RecordingLike, open_all
from harness.escaping import escape_line, escape_xml
from harness.evaluation.jobs import execution_options
from harness.evaluation.result_cache import ResultCache
from harness.presentation.table import Column, Table
from harness.settings import GeneralSettings, load

_POLL_SECONDS = 0.5


class Discovery:
    """A search for controllers, which is a directory; another process may be working on it.

    Args:
        run: The directory of the run.

    Raises:
        InputError: It is not a run, or one that searches for allocations.
    """

    def __init__(self, run: str | os.PathLike[str]):
        with translated_errors():
            self._run = open_run(as_path("run", run))
            if self._run.request.allocation is not None:
                raise InputError(
                    f"{self._run.path}: searches for allocations, not for controllers",
                    hint=f"read it with `rheostat report {self._run.path}`",
                )

    @property
    def path(self) -> Path:
        """The directory of the run."""
        return self._run.path

    @property
    def state(self) -> str:
        """``at work``, ``ended``, ``stopped``, ``damaged``, or ``waits:`` with a candidate."""
        run = self._run
        if damage := find_damage(run):  # a damaged ending could not be read
            return describe_state(run, ended=False, waiting=None, damage=damage)
        return describe_state(run, ended=run.ending is not None, waiting=run.waiting, damage=[])

    @property
    def winner(self) -> Controller | None:
        """The controller that was selected; ``None`` if there is none."""
        path = self._run.selected_path
        return Controller(path) if path.is_file() else None

    @property
    def card(self) -> str | None:
        """The controller card of the winner, as Markdown; ``None`` without a winner."""
        path = self._run.card_path
        with translated_errors():
            return read_run_text(path) if path.is_file() else None

    def events(self) -> tuple[Event, ...]:
        """Return the events so far."""
        with translated_errors():
            return tuple(self._run.events())

    def follow(self) -> Iterator[Event]:
        """Yield each event, those so far first, until nothing works on the run any more."""
        follower = EventFollower(self._run.events_path)
        while True:
            active = self._run.is_held
            with translated_errors():
                new = list(follower.read_new())
            yield from new
            if not active:
                return
            time.sleep(_POLL_SECONDS)

    def candidates(self) -> DataTable:
        """Return a row for each candidate that was reviewed, with its gain over the baselines."""
        with translated_errors():
            reviews = self._run.reviews()
        return DataTable.from_records([_describe(review) for review in reviews], _COLUMNS)

    def resume(
        self,
        *,
        on_event: Callable[[Event], None] | None = None,
        threads: int | None = None,
        progress: bool | None = None,
        **options: Unpack[DiscoveryOptions],
    ) -> "Discovery":
        """Continue the search; only its limits may change.

        Args:
            on_event: Called with each event; it may be called in another thread.
            threads: Most threads; by default, the setting.
            progress: Whether to show a bar; by default, on a terminal and in a notebook.
            **options: Limits, such as ``max_minutes``.

        Returns:
            This run.

        Raises:
            InputError: An option cannot be used, or differs from that of the run.
            ExternalError: A process or a model failed, or another process works on the run.
            KeyboardInterrupt: The search was interrupted; `resume` continues it.
        """
        _refuse_worker("resume")
        with translated_errors():
            _check_arguments(on_event, threads)
            resume_run(self.path, [], [], normalise_options(options))
            _search(self._run, on_event, threads, progress)
        return self

    def report(
        self,
        *,
        open_held_out: bool | None = None,
        seeds: int = SEEDS,
        threads: int | None = None,
        progress: bool | None = None,
    ) -> DiscoveryReport:
        """Compare the winner with baselines and the library, as `rheostat report` does.

        The report is written into the directory of the run, as Markdown, HTML and JSON.

        Args:
            open_held_out: Whether to open the held-out recordings, which is logged; by default if
                the run has ended with a winner.
            seeds: The number of seeds for each question, from 0.
            threads: Most threads; by default, the setting.
            progress: Whether to show a bar; by default, on a terminal and in a notebook.

        Raises:
            InputError: A recording changed since the run began.
        """
        with translated_errors():
            check_whole("seeds", seeds, 1, 100_000)
            check_threads(threads)
            chosen = load(GeneralSettings, flags={"threads": threads})
            services = ReportServices(
                ResultCache(chosen.cache_dir),
                execution_options(chosen),
                partial(track_progress, shown=progress),
                lambda text: warn_all([text]),
            )
            written = write_report(
                self._run, seeds=seeds, held_out=open_held_out, services=services
            )
            return DiscoveryReport(self.path, written)

    def __repr__(self) -> str:
        return escape_line(f"<Discovery {self.path}: {self.state}>")

    def _repr_html_(self) -> str:
        with translated_errors():
            reviews = [review for review in self._run.reviews() if review.objective is not None]
        best = sorted(reviews, key=lambda review: -(review.objective or 0.0))[:10]
        names = ("candidate", "verdict", "objective", "gain", "gain_low", "gain_high")
        rows = [[_describe(review)[name] for name in names] for review in best]
        table = Table([Column(name, decimals=2) for name in names], rows)
        head = f"<p>{escape_xml(f'{self.path}: {self.state}')}</p>"
        return head + (table.html() if rows else "")


def discover(
    on: RecordingLike | Sequence[RecordingLike],
    run: str | os.PathLike[str],
    *,
    held_out: RecordingLike | Sequence[RecordingLike] = (),
    on_event: Callable[[Event], None] | None = None,
    threads: int | None = None,
    progress: bool | None = None,
    **options: Unpack[DiscoveryOptions],
) -> Discovery:
    """Search for controllers, as `rheostat discover` does, and return the run at its end.

    Programs are played in processes. A script has to call this under
    ``if __name__ == "__main__":``, since each process imports the script.

    Args:
        on: The search set.
        run: A new directory for the run.
        held_out: Recordings that only the report opens.
        on_event: Called with each event; it may be called in another thread.
        threads: Most threads; by default, the setting.
        progress: Whether to show a bar; by default, on a terminal and in a notebook.
        **options: Options of the search, such as ``max_minutes``.

    Raises:
        InputError: An option does not apply, or a recording cannot be used.
        ExternalError: A process or a model failed; `Discovery.resume` continues the run.
        KeyboardInterrupt: The search was interrupted; `Discovery.resume` continues it.
    """
    _refuse_worker("discover")
    with translated_errors():
        _check_arguments(on_event, threads)
        begun = begin_run(
            as_path("run", run),
            _paths("on", on),
            [] if _is_empty(held_out) else _paths("held_out", held_out),
            normalise_options(options),
            settings=load(ChatSettings, "chat"),
            agent=load(AgentSettings, "agent"),
            before=None,
            warn=lambda text: warn_all([text]),
        )
        _search(begun, on_event, threads, progress)
    return Discovery(run)


def _search(
    run: RunDirectory,
    on_event: Callable[[Event], None] | None,
    threads: int | None,
    progress: bool | None,
) -> None:
    """Run a session to its end."""
    chat, agent = load(ChatSettings, "chat"), load(AgentSettings, "agent")
    opener, finish = build_session(run, settings=chat, agent=agent)
    played, status = PlayedPrograms(), _Status()
    total = run.request.caps.evaluations
    workers = load(GeneralSettings, flags={"threads": threads}).threads
    with track_progress("discovering", total, shown=progress, more=status.describe) as advance:

        def listen(event: Event) -> None:
            advance(played.count_new(event))
            status.update(event)
            if on_event is not None:
                on_event(event)

        try:
            run_session(run, opener, finish, SessionOptions(workers, wait=False, listen=listen))
        except KeyboardInterrupt as interruption:
            interruption.add_note(f"resume with Discovery({str(run.path)!r}).resume()")
            raise


class _Status:
    """The text beside the bar: the round, and the best candidate so far."""

    def __init__(self) -> None:
        self._round = 0
        self._best = "no candidate beats the baselines yet"

    def update(self, event: Event) -> None:
        """Take over what an event changes."""
        if event.kind == "round" and event.round is not None:
            self._round = event.round
        if event.kind == "archived" and event.candidate is not None:
            self._best = f"best {event.candidate}"

    def describe(self) -> str:
        """Return the text."""
        return f"round {self._round}, {self._best}"


_COLUMNS = (
    "candidate", "verdict", "objective", "gain", "gain_low", "gain_high", "against", "size",
    "reasons",
)  # fmt: skip
"""The columns of candidates."""


def _describe(review: Review) -> dict[str, str | float | int | None]:
    gain = review.baseline_gain
    return {
        "candidate": review.candidate,
        "verdict": review.verdict.value,
        "objective": review.objective,
        "gain": None if gain is None else gain.value,
        "gain_low": None if gain is None else gain.low,
        "gain_high": None if gain is None else gain.high,
        "against": None if gain is None else gain.against,
        "size": review.size,
        "reasons": "; ".join(review.reasons),
    }


def _check_arguments(on_event: object, threads: int | None) -> None:
    """Check arguments that no request holds.

    Raises:
        InputError: One cannot be used.
    """
    check_threads(threads)
    if on_event is not None and not callable(on_event):
        raise InputError(f"on_event: must be a function that takes an event; got {on_event!r}")


def _is_empty(recordings: RecordingLike | Sequence[RecordingLike]) -> bool:
    """Return whether there is no recording; one without questions is one."""
    return isinstance(recordings, Sequence) and not recordings


def _paths(name: str, recordings: RecordingLike | Sequence[RecordingLike]) -> list[Path]:
    return [named.recording.path for named in open_all(recordings, name)]


def _refuse_worker(function: str) -> None:
    """Refuse to search in a process that imports the script of its parent.

    Args:
        function: The name of the caller, for the message.

    Raises:
        InputError: This is such a process.
    """
    # A player imports the script under this name, and has a parent only afterwards.
    script = sys.modules.get("__mp_main__")
    is_import = script is not None and script.__name__ == "__mp_main__"
    if is_import and multiprocessing.parent_process() is None:
        raise InputError(
            f"{function}: was called while a player process imported the script; call it under"
            ' `if __name__ == "__main__":`'
        )
