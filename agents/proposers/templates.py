"""The proposer ``templates``: searches settings of program templates, without a language model.

Its first rounds race the settings of one template each. The rounds after them refine one path
through the settings of a template each, and propose the program that has this path as its schedule,
and the one that has the mean of the last rounds' paths. Most rounds refine the path with the best
score; after some rounds a path gets a third control point.
"""

from collections.abc import Sequence

import msgspec
import numpy as np

from agents.evolution.starting_programs import follows_beta
from agents.feedback.brief import Brief
from agents.proposers import ProposalBatch
from agents.run.records import Proposal
from agents.search.arena import thin_betas
from agents.search.bench_protocol import Bench
from agents.search.measurements import SettingFigures
from agents.search.programs import compute_source_digest
from agents.template_search.knob_paths import list_settings, write_program
from agents.template_search.path_search import (
    PathState,
    bend_path,
    count_plays,
    refine_path,
    start_path,
)
from agents.template_search.program_templates import (
    ProgramTemplate,
    Setting,
    convert_program,
    load_program_templates,
    parse_program_template,
)
from agents.template_search.races import race_settings
from harness.errors import InputError

RACE_SHARE = 0.75
"""Share of a round's allowance for a race."""

SCORE_SEEDS = 12
"""Seeds under which the path of a round is scored."""

LEAST_GENERATIONS = 40
"""Generations that the path of a raced template has before it competes with others."""

SECOND_EVERY = 4
"""In every round of this number, the second-best path is refined if it is near the best."""

SECOND_WITHIN = 0.2
"""Difference of scores within which a path is near the best."""

RESCORED = 4
"""Paths that compete in a round, by their last scores."""

BEND_AFTER = 150
"""Generations after which a path is continued with a third control point."""


class _TemplateState(msgspec.Struct, frozen=True, kw_only=True):
    """State that the proposer keeps from round to round."""

    paths: list[PathState]
    """The paths, best first."""
    proposed: list[str]
    """Digests of the programs that were proposed."""
    rounds: int
    raced: list[str] = []
    """Names of the templates whose settings were raced."""


class TemplatesProposer:
    """Propose programs of templates with fitted schedules; see the module."""

    name = "templates"

    def propose(self, brief: Brief, bench: Bench) -> ProposalBatch:
        """See `agents.proposers.Proposer`."""
        if bench.free_knobs:
            return ProposalBatch((), search={"skipped": "templates are fitted to follow beta"})
        state = _load_state(bench)
        search = _RoundSearch(bench)
        paths = state.paths if state.rounds else search.start()
        template = search.find_unraced(state.raced)
        changed = (
            search.refine(paths, state.raced, state.rounds + 1)
            if template is None
            else search.race(template)
        )
        paths = paths if changed is None else _replace_path(paths, changed)
        proposals = _list_proposals(paths if changed is None else [changed], state.proposed, bench)
        digests = [compute_source_digest(proposal.source) for proposal in proposals]
        # A run that is resumed with more time does what this round had no time for.
        had_time = changed is not None or not bench.is_out_of_time()
        left = _TemplateState(
            paths=paths,
            proposed=[*state.proposed, *digests],
            rounds=state.rounds + had_time,
            raced=[*state.raced, template.name] if template and had_time else state.raced,
        )
        return ProposalBatch(proposals, search=_describe(paths), state=msgspec.msgpack.encode(left))

    def repair(
        self, brief: Brief, failed: Proposal, diagnostics: str, bench: Bench
    ) -> ProposalBatch:
        """Return nothing, since the proposed programs have no errors; see `Proposer.repair`."""
        return ProposalBatch(())


def _load_state(bench: Bench) -> _TemplateState:
    """Load the state of the round before; an empty one in the first round."""
    if bench.state is None:
        return _TemplateState(paths=[], proposed=[], rounds=0)
    return msgspec.msgpack.decode(bench.state, type=_TemplateState)


class _RoundSearch:
    """The search of one round.

    Args:
        bench: Bench of the round.
    """

    def __init__(self, bench: Bench):
        self._bench = bench
        self._random = np.random.default_rng(bench.random.getrandbits(32))
        self._betas = thin_betas(bench.betas)

    def start(self) -> list[PathState]:
        """Return the schedules of the starting programs as paths, best first.

        A program is left out if its schedule is no path, or if it cannot be played.
        """
        paths = []
        for program in self._bench.starting_programs:
            converted = convert_program(program.name, program.source)
            if converted is None or self._bench.is_out_of_time():
                continue
            template, ends = converted
            path = PathState(template=program.name, source=template.source, path=ends.tolist())
            try:
                paths.append(self._score(path))
            except InputError as problem:
                self._report_skipped(template, problem)
        return _rank(paths)

    def find_unraced(self, raced: Sequence[str]) -> ProgramTemplate | None:
        """Find the next template to race: those of the user, then those of the package.

        Args:
            raced: Names of the templates whose settings were raced.
        """
        templates = [
            parse_program_template(program.name, program.source)
            for program in self._bench.starting_programs
            if not follows_beta(program)
        ]
        unraced = (
            template
            for template in (*templates, *load_program_templates())
            if template.name not in raced
        )
        return next(unraced, None)

    def race(self, template: ProgramTemplate) -> PathState | None:
        """Race the settings of a template, and refine the path that begins there.

        ``None`` if the template cannot be played, or if the allowance or the time is too short.
        """
        if self._bench.is_out_of_time():
            return None
        try:
            raced = race_settings(
                template,
                self._play,
                self._random,
                allowance=int(RACE_SHARE * self._bench.setting_allowance),
                is_out_of_time=self._bench.is_out_of_time,
            )
        except InputError as problem:
            self._report_skipped(template, problem)
            return None
        if raced is None:
            return None
        self._bench.report("raced", template=template.name, settings=len(raced.points))
        path = start_path(
            template, raced, self._play, self._bench.score_settings, self._random, self._betas
        )
        return None if path is None else self._refine(path)

    def _report_skipped(self, template: ProgramTemplate, problem: InputError) -> None:
        self._bench.report("skipped", template=template.name, reason=str(problem))

    def refine(
        self, paths: Sequence[PathState], raced: Sequence[str], rounds: int
    ) -> PathState | None:
        """Refine one path with what is left of the allowance; ``None`` if there is no path.

        Args:
            paths: Paths to choose from.
            raced: Names of the templates whose settings were raced.
            rounds: Number of the round among those of this proposer.
        """
        if not paths:
            return None
        path = _find_young_path(paths, raced) or self._choose(_drop_bent_paths(paths), rounds)
        if len(path.path) == 2 and path.generations >= BEND_AFTER:
            path = bend_path(path)
        return self._refine(path)

    def _refine(self, path: PathState) -> PathState:
        template = _find_template(path)
        refined = refine_path(
            template,
            path,
            self._play,
            self._bench.score_settings,
            betas=self._betas,
            seed=self._bench.random.getrandbits(31) + 1,
            generations=max(0, self._bench.setting_allowance // count_plays(self._betas) - 1),
            is_out_of_time=self._bench.is_out_of_time,
        )
        refined = self._score(refined)
        self._bench.report("refined", template=template.name, score=round(refined.score, 2))
        return refined

    def _choose(self, paths: Sequence[PathState], rounds: int) -> PathState:
        """Choose the path to refine: the best by the mean of its last score and one on this part.

        Each round shows another part of the search set, on which another path may be ahead.
        """
        scored = [
            msgspec.structs.replace(again, score=(path.score + again.score) / 2)
            for path in paths[:RESCORED]
            for again in [self._score(path)]
        ]
        ranked = _rank(scored)
        near = len(ranked) > 1 and ranked[0].score - ranked[1].score <= SECOND_WITHIN
        return ranked[1 if near and rounds % SECOND_EVERY == 0 else 0]

    def _score(self, path: PathState) -> PathState:
        """Score the path itself under seeds that it was not refined on."""
        template, first = _find_template(path), path.seeds_played
        figures = self._play(
            template,
            list_settings(template, path.points, self._bench.betas),
            range(first, first + SCORE_SEEDS),
        )
        if figures is None:
            return path
        score = self._bench.score_settings(figures).gain
        return msgspec.structs.replace(path, score=score, seeds_played=first + SCORE_SEEDS)

    def _play(
        self, template: ProgramTemplate, settings: Sequence[Setting], seeds: range
    ) -> SettingFigures | None:
        return self._bench.play_settings(template.source, settings, seeds)


def _drop_bent_paths(paths: Sequence[PathState]) -> list[PathState]:
    """Drop the straight paths that continue as a path with three control points."""
    bent = {path.template for path in paths if len(path.path) > 2}
    return [
        path
        for path in paths
        if len(path.path) > 2 or path.generations < BEND_AFTER or path.template not in bent
    ]


def _find_young_path(paths: Sequence[PathState], raced: Sequence[str]) -> PathState | None:
    """Find the path of a raced template that had the fewest generations, if they are too few.

    A path that begins with a race has rules that hand-made programs lack, and needs generations
    before they pay.
    """
    young = [
        path for path in paths if path.template in raced and path.generations < LEAST_GENERATIONS
    ]
    return min(young, key=lambda path: path.generations, default=None)


def _list_proposals(
    paths: Sequence[PathState], proposed: Sequence[str], bench: Bench
) -> list[Proposal]:
    """List the programs of paths and of their averages that were not proposed before."""
    proposals: list[Proposal] = []
    for path in paths:
        template = _find_template(path)
        versions = [(path.points, f"a schedule fitted in {path.generations} generations")]
        if path.average is not None:
            text = f"the mean of the schedules of the last {len(path.trail)} rounds"
            versions.append((path.average, text))
        for points, text in versions:
            source = write_program(template, points)
            if compute_source_digest(source) not in proposed:
                summary = f"the template {template.name} with {text}"
                proposals.append(Proposal(source=source, words=summary, parents=[template.name]))
    return proposals[: bench.most]


def _replace_path(paths: Sequence[PathState], refined: PathState) -> list[PathState]:
    """Replace the path that a refined path continues."""
    others = [
        path
        for path in paths
        if (path.template, len(path.path)) != (refined.template, len(refined.path))
    ]
    return _rank([*others, refined])


def _rank(paths: Sequence[PathState]) -> list[PathState]:
    return sorted(paths, key=lambda path: -path.score)


def _describe(paths: Sequence[PathState]) -> dict[str, object]:
    return {
        "paths": [
            {
                "template": path.template,
                "control points": len(path.path),
                "generations": path.generations,
                "score": round(path.score, 3),
            }
            for path in paths
        ]
    }


def _find_template(path: PathState) -> ProgramTemplate:
    return parse_program_template(path.template, path.source)
