"""The proposer ``templates``: searches settings of program templates, without a language model.

In its first round it races settings of every template. Each round it refines one path through the
settings of a template, and proposes the program that has this path as its schedule. Most rounds
refine the path with the best score; after some rounds a path gets a third control point.
"""

from collections.abc import Iterable, Sequence

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
    DRAWN,
    LEAST_DRAWN,
    RACE_SEEDS,
    PathState,
    bend_path,
    count_plays,
    race_settings,
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
from harness.errors import InputError

RACE_SHARE = 0.6
"""Share of the first round's allowance for the races."""

SCORE_SEEDS = 12
"""Seeds under which the path of a round is scored."""

SECOND_EVERY = 4
"""In every round of this number, the second-best path is refined if it is near the best."""

SECOND_WITHIN = 0.5
"""Points of the objective within which a path is near the best."""

FIRST_GENERATIONS = 3
"""Generations for each coordinate of a template's path before paths compete by their scores: a
family with many knobs starts far from its best setting."""

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


class TemplatesProposer:
    """Propose programs of templates with fitted schedules; see the module."""

    name = "templates"

    def propose(self, brief: Brief, bench: Bench) -> ProposalBatch:
        """See `agents.proposers.Proposer`."""
        if bench.free_knobs:
            return ProposalBatch((), search={"skipped": "templates are fitted to follow beta"})
        round_search = _RoundSearch(bench)
        if bench.state is None:
            paths, rounds, proposed = round_search.start(), 1, []
        else:
            state = msgspec.msgpack.decode(bench.state, type=_TemplateState)
            paths, rounds, proposed = state.paths, state.rounds + 1, state.proposed
        refined = round_search.refine(paths, rounds)
        paths = _replace_path(paths, refined) if refined is not None else paths
        proposals = _list_proposals([refined] if refined is not None else paths, proposed, bench)
        digests = [*proposed, *(compute_source_digest(each.source) for each in proposals)]
        return ProposalBatch(
            proposals,
            search=_describe(paths),
            state=msgspec.msgpack.encode(
                _TemplateState(paths=paths, proposed=digests, rounds=rounds)
            ),
        )

    def repair(
        self, brief: Brief, failed: Proposal, diagnostics: str, bench: Bench
    ) -> ProposalBatch:
        """Return nothing, since the proposed programs check by construction."""
        return ProposalBatch(())


class _RoundSearch:
    """The search of one round.

    Args:
        bench: Bench of the round.
    """

    def __init__(self, bench: Bench):
        self._bench = bench
        self._random = np.random.default_rng(bench.random.getrandbits(32))
        self._betas = thin_betas(bench.betas)
        races = sum(path is None for _, path in self._list_starts())
        self._race_allowance = int(RACE_SHARE * bench.setting_allowance / races)
        """Settings times seeds that the race of one template may take."""

    def start(self) -> list[PathState]:
        """Return the first paths, best first.

        They are the schedules of the starting programs and, for each template, the path that a race
        of its settings begins. What cannot be played is left out.
        """
        paths = []
        for template, path in self._list_starts():
            try:
                begun = self._race(template) if path is None else path
                if begun is None or self._bench.is_out_of_time():
                    continue
                paths.append(self._score(begun))
            except InputError as problem:
                self._bench.report("skipped", template=template.name, reason=str(problem))
                continue
            self._bench.report("started", template=template.name, score=round(paths[-1].score, 2))
        return _rank(paths)

    def _list_starts(self) -> Iterable[tuple[ProgramTemplate, PathState | None]]:
        """List templates; those of starting programs that follow β have a path, their schedule."""
        for program in self._bench.starting_programs:
            if not follows_beta(program):
                yield parse_program_template(program.name, program.source), None
                continue
            converted = convert_program(program.name, program.source)
            if converted is not None:
                template, ends = converted
                yield (
                    template,
                    PathState(template=program.name, source=template.source, path=ends.tolist()),
                )
        for template in load_program_templates():
            yield template, None

    def _race(self, template: ProgramTemplate) -> PathState | None:
        """Race settings of a template; ``None`` if the allowance or the time is too short."""
        drawn = min(DRAWN, self._race_allowance // RACE_SEEDS)
        if drawn < LEAST_DRAWN or self._bench.is_out_of_time():
            return None
        raced = race_settings(template, self._play, self._random, drawn=drawn)
        return None if raced is None else start_path(template, raced)

    def refine(self, paths: Sequence[PathState], rounds: int) -> PathState | None:
        """Refine one path with what is left of the allowance; ``None`` if there is no path."""
        if not paths:
            return None
        path = self._choose(paths, rounds)
        if len(path.path) == 2 and path.generations >= BEND_AFTER:
            path = bend_path(path)
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
        """Choose the path to refine: templates that just began, then the best on this round's part.

        The best few are scored again, since each round shows another part of the search set.
        """
        begun = [
            each
            for each in paths
            if each.raced and each.generations < FIRST_GENERATIONS * each.points.size
        ]
        if begun:
            return min(begun, key=lambda each: each.generations / each.points.size)
        ranked = _rank([self._score(each) for each in paths[:RESCORED]])
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


def _list_proposals(
    paths: Sequence[PathState], proposed: Sequence[str], bench: Bench
) -> list[Proposal]:
    proposals: list[Proposal] = []
    for path in paths[: bench.most]:
        template = _find_template(path)
        source = write_program(template, path.points)
        if compute_source_digest(source) in proposed:
            continue
        text = (
            f"the template {template.name} with a schedule fitted in {path.generations} generations"
        )
        proposals.append(Proposal(source=source, words=text, parents=[template.name]))
    return proposals


def _replace_path(paths: Sequence[PathState], refined: PathState) -> list[PathState]:
    """Replace the path that a refined path continues."""
    others = [
        each
        for each in paths
        if (each.template, len(each.path)) != (refined.template, len(refined.path))
    ]
    return _rank([*others, refined])


def _rank(paths: Sequence[PathState]) -> list[PathState]:
    return sorted(paths, key=lambda each: -each.score)


def _describe(paths: Sequence[PathState]) -> dict[str, object]:
    return {
        "paths": [
            {
                "template": each.template,
                "control points": len(each.path),
                "generations": each.generations,
                "score": round(each.score, 3),
            }
            for each in paths
        ]
    }


def _find_template(path: PathState) -> ProgramTemplate:
    return parse_program_template(path.template, path.source)
