"""One episode, action by action."""

from collections.abc import Mapping
from types import MappingProxyType

from msgspec.structs import asdict

from harness.api.argument_checks import check_rules, check_whole, refuse_several
from harness.api.controller import ProgramLike, as_controller, get_playable
from harness.api.data_table import DataTable
from harness.api.exceptions import translated_errors, warn_all
from harness.api.grid_play import Knobs, single_setting
from harness.api.recording import Recording, RecordingLike, open_all
from harness.engines import ControllerSetting, EpisodeRules
from harness.escaping import escape_xml
from harness.evaluation.point_warnings import describe_shortage
from harness.explanation.episode_trace import BranchEnd, VoteCount
from harness.explanation.question_trace import QuestionTrace, trace_question
from harness.pages.trace_page import format_trace, summarise_steps, votes_table
from harness.presentation.json_document import encode_document
from harness.presentation.table import Column, Table
from harness.request.plan import make_plan
from harness.request.ranges import single_beta


class Trace:
    """The result of `trace`: every action of one episode, and the vote at its end.

    Args:
        traced: The episode and what was played in it.
    """

    def __init__(self, traced: QuestionTrace):
        self._traced = traced
        self._episode = traced.episode

    @property
    def answer(self) -> str | None:
        """The answer; ``None`` for none."""
        return self._episode.answer

    @property
    def gold(self) -> str | None:
        """The gold answer."""
        return self._episode.gold

    @property
    def is_right(self) -> bool:
        """Whether the answer is the gold answer."""
        return bool(self._episode.right)

    @property
    def tokens(self) -> int:
        """Tokens of the episode."""
        return self._episode.tokens

    @property
    def sequential(self) -> int:
        """Tokens on the critical path."""
        return self._episode.sequential

    @property
    def about(self) -> Mapping[str, str]:
        """What was played: controller, recording, question and seed."""
        return MappingProxyType(self._traced.about)

    def steps(self) -> DataTable:
        """Return a row for each barrier, and one for the answer.

        ``branches`` are those that the verb acted on, ``revealed`` the answers that it revealed, by
        branch in the same order.
        """
        rows = []
        for step in self._episode.barriers:
            acted = [action for action in step.actions if action.branch is not None]
            branches = list(dict.fromkeys(action.branch for action in acted))
            answers = {action.branch: action.answer for action in acted if action.answer}
            rows.append(
                {
                    "number": step.number,
                    "section": step.section,
                    "line": step.line,
                    "source": step.source,
                    "verb": type(step.verb).__name__.lower(),
                    "branches": branches,
                    "revealed": [answers.get(branch) for branch in branches],
                    "charged": step.charged,
                    "tokens": step.spent,
                    "sequential": step.sequential,
                }
            )
        return DataTable.from_records(rows, list(rows[0]), self._steps_page())

    def votes(self) -> DataTable:
        """Return the votes for each answer at the end of the episode."""
        records = [asdict(vote) for vote in self._episode.votes]
        return DataTable.from_records(
            records, VoteCount.__struct_fields__, votes_table(self._episode.votes)
        )

    def branches(self) -> DataTable:
        """Return the state of each branch at the end of the episode."""
        records = [asdict(end) | {"status": end.status.value} for end in self._episode.branches]
        return DataTable.from_records(records, BranchEnd.__struct_fields__)

    def to_json(self) -> str:
        """Return the document of `rheostat trace --json`, byte for byte."""
        return encode_document({"what": self._traced.what, "episode": self._episode})

    def __repr__(self) -> str:
        return format_trace(*self._traced).rstrip("\n")

    def _repr_html_(self) -> str:
        result = f"answer {self.answer!r}, gold {self.gold!r}; {self.tokens:,} tokens"
        head = "; ".join(f"{label} {text}" for label, text in self.about.items())
        parts = [
            f"<p>{escape_xml(head)}</p>",
            f'<div style="max-height: 32em; overflow: auto">{self._steps_page().html()}</div>',
            votes_table(self._episode.votes).html() if self._episode.votes else "",
            f"<p><b>{'right' if self.is_right else 'wrong'}</b>: {escape_xml(result)}</p>",
        ]
        return "".join(parts)

    def _steps_page(self) -> Table:
        names = ("number", "position", "action", "revealed", "tokens", "sequential")
        return Table(
            [Column(name, grouped=name in ("tokens", "sequential")) for name in names],
            summarise_steps(self._episode.barriers),
        )


def trace(
    controller: ProgramLike,
    on: RecordingLike,
    *,
    question: int | str = 0,
    seed: int = 0,
    beta: float = 0.5,
    knobs: Knobs | None = None,
    budget: int | None = None,
    kappa: int = 0,
) -> Trace:
    """Play one episode and keep every action, as `rheostat trace` does.

    Args:
        controller: The controller.
        on: One recording.
        question: The question, by its position or id.
        seed: Sets the order of the branches, and every random choice.
        beta: β, for a controller that follows it.
        knobs: Values of free knobs, one each.
        budget: Most tokens of the episode; ``None`` for no limit.
        kappa: Cost of a probe in tokens.

    Raises:
        InputError: An argument cannot be used, or the recording lacks what the controller needs.
        IndexError: There is no question at that position.
    """
    with translated_errors():
        refuse_several("controller", controller, "controller")
        refuse_several("on", on, "recording")
        check_rules(budget, kappa)
        check_whole("seed", seed, 0)
        program = get_playable(as_controller(controller))
        value = single_beta(beta)
        chosen = single_setting(program, knobs)
        setting = ControllerSetting(value if program.scheduled else None, chosen)
        plan = make_plan(program, setting, EpisodeRules(budget, kappa))
        recording = on if isinstance(on, Recording) else Recording(on)
        [named] = open_all(recording)
        warn_all(describe_shortage(plan, [named]))
        return Trace(trace_question(plan, named, recording.position(question), seed))
