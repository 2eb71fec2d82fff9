"""From what was typed to a run of trials, and to its end."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from msgspec.structs import replace

from agents.allocation.allocation_task import allocation_task_factory
from agents.allocation.beta_frontier import build_frontier_table, compute_frontier
from agents.allocation.held_out_evaluation import evaluate_held_out
from agents.allocation.proposers.registry import build_trial_proposers, check_trial_proposers
from agents.allocation.report_files import write_allocation_card, write_trial_report
from agents.allocation.report_pages import format_summary
from agents.allocation.results import compute_result
from agents.allocation.run_trials import TRIALS_RECORD, open_run_environment, run_playback_options
from agents.chat.settings import ChatSettings
from agents.commands.model_setup import MODEL_FIELDS, collect_model_fields, resolve_model_setup
from agents.commands.session_runner import is_run_over, run_to_end
from agents.external_agents.settings import AgentSettings
from agents.proposers.registry import ProposerResources as ProposerMeans
from agents.run.directory import RunDirectory, create_run, open_run
from agents.run.records import (
    AllocationRequest,
    ApprovalMode,
    Decision,
    HeldOutQuestions,
    ModelOptions,
    Request,
    RunLimits,
)
from dsl.allocation import load_allocation
from dsl.source import Source
from harness.allocation.simulator import default_budget, draw_pipeline
from harness.allocation.space import AllocationSpace
from harness.allocation.trial_environment import find_held_out, open_environment
from harness.cli import console
from harness.cli.output import Output, output_width
from harness.cli.program_check import read_program
from harness.errors import InputError
from harness.request.ranges import parse_betas
from harness.settings import load
from store.pipelines.pipeline_file import pipeline_digest, read_pipeline
from store.pipelines.schema import Pipeline, Simulation

DEFAULT_TRIALS = 50
"""As many as were published."""

ROUNDS_PER_TRIAL = 3
"""Rounds for each trial at most: one that brings nothing new costs no trial."""


@dataclass(frozen=True)
class AllocateOptions:
    """What was typed, ``None`` or empty where it was not."""

    pipeline: Path | None
    budget: float | None
    trials: int | None
    seed: int | None
    draw: int | None
    proposers: Sequence[str]
    record: Path | None
    execute: bool | None
    governors: Sequence[str]
    without: Sequence[str]
    sampled: bool
    directory: Path | None
    resume: bool
    approve: str | None
    rounds: int | None
    per_round: int | None
    max_minutes: float | None
    max_usd: float | None
    max_tokens: int | None
    base_url: str | None
    temperatures: Sequence[float | None]
    reply_tokens: int | None
    constrained: bool | None
    agent_minutes: float | None
    agent_image: str | None
    agent_network: str | None
    agent_env: Sequence[str]
    replies: Path | None
    wait: bool
    checkpoints: str | None

    def given(self, names: Sequence[str]) -> dict[str, Any]:
        """Those of some options that were typed."""
        found = {name: getattr(self, name) for name in names}
        return {name: value for name, value in found.items() if value not in (None, (), False)}


def run_allocation(out: Output, asked: AllocateOptions) -> None:
    """Create or resume a run, and show its result.

    Raises:
        InputError: something that was typed cannot be used.
        StoreError: a file of the pipeline cannot be read.
        ExternalError: a server or a package does not play its part.
    """
    settings, agent = load(ChatSettings, "chat"), load(AgentSettings, "agent")
    before = open_run(asked.replies) if asked.replies is not None else None
    with _open_directory(asked) as place:
        if asked.resume:
            run = _resume_run(place, asked)
            if is_run_over(run, out):
                return
        else:
            run = create_run(place, _build_request(asked, settings, agent, before))
        request = run.request
        assert request.allocation is not None
        where = open_run_environment(request.allocation, run)
        made = build_trial_proposers(
            request.proposers, ProposerMeans(run, request.asking, settings, before, agent)
        )

        def finish(run: RunDirectory, candidate: str | None, decision: Decision | None) -> None:
            if candidate is not None:
                write_allocation_card(run, where, candidate, decision)

        opener = allocation_task_factory(where, made)
        if not run_to_end(run, opener, finish, out, asked.wait, asked.checkpoints, {}):
            return
        kept = asked.directory is not None
        found = compute_result(run, where, kept=kept)
        # What was held out stays shut: the run may yet go on, and `rheostat report` opens it.
        means = run_playback_options(request.allocation, run)
        found = replace(found, held_out=evaluate_held_out(run, where, means, found, wanted=False))
        if kept:
            write_trial_report(run, found)
        out.document(found, format_summary(found))


def play_allocation(out: Output, asked: AllocateOptions, file: Path, beta: str) -> None:
    """Plays one allocation at every β, and shows its frontier.

    Raises:
        DslError: the allocation is not sound.
        InputError: it cannot be played on the pipeline, or is over its budget.
        ExternalError: a server does not play its part.
    """
    source = read_program(file)
    of = _build_allocation_request(asked, budget=1.0)
    record = TRIALS_RECORD if of.record is None and of.execute else None
    means = run_playback_options(of)._replace(
        governors=_merge_governors(of.governors, source, list(parse_betas(beta)))
    )
    means = means._replace(record=Path(record)) if record else means
    points = compute_frontier(
        open_environment(of.pipeline, of.path, means), source, list(parse_betas(beta))
    )
    out.document(points, build_frontier_table(points).text(output_width(out)))


def _merge_governors(
    governors: Mapping[str, Sequence[str]], source: Source, at: Sequence[float]
) -> dict[str, list[str]]:
    """Return the governors that were asked for, and those that an allocation names itself."""
    found = {stage: list(some) for stage, some in governors.items()}
    for beta in at:
        for each in load_allocation(source).at(beta).stages:
            if each.controller:
                found.setdefault(each.stage, []).append(f"{each.controller}@{each.beta!r}")
    return found


@contextmanager
def _open_directory(asked: AllocateOptions) -> Iterator[Path]:
    """Where the run lies: what nobody named is not kept."""
    if asked.directory is not None:
        yield asked.directory
        return
    if asked.resume or (asked.approve or "auto") != "auto":
        what = "--resume" if asked.resume else f"--approve {asked.approve}"
        raise InputError(f"{what}: no run is given", hint="keep the run with --run DIR")
    with TemporaryDirectory(prefix="rheostat-") as folder:
        yield Path(folder) / "run"


def _build_request(
    asked: AllocateOptions,
    settings: ChatSettings,
    agent: AgentSettings,
    before: RunDirectory | None,
) -> Request:
    """Return the request of a new run, after all checks."""
    names = list(dict.fromkeys(asked.proposers)) or ["agent"]
    check_trial_proposers(names)
    of = _build_allocation_request(asked, asked.budget)
    pipeline, path, budget = of.pipeline, of.path, of.budget
    where = open_environment(pipeline, path, run_playback_options(of))
    AllocationSpace(pipeline, budget, governed=where.governed, recorded=where.recorded)
    how = _resolve_model_setup(asked, names, settings, agent, before)
    return Request(
        version=2,
        proposers=names,
        approve=ApprovalMode(asked.approve or "auto"),
        seed=asked.seed or 0,
        per_round=asked.per_round or 1,
        repairs=0,
        asking=how,
        caps=_build_caps(asked, RunLimits(rounds=0)),
        allocation=of,
    )


def _build_allocation_request(asked: AllocateOptions, budget: float | None) -> AllocationRequest:
    """Return the pipeline that was typed, and what plays it."""
    pipeline, path, content = _load_pipeline(asked)
    if budget is None:
        if pipeline.simulation is None:
            raise InputError(
                "--budget is missing: give the cost that a trial may have, in the unit of the"
                " pipeline"
            )
        budget = default_budget(pipeline)
        console.info(f"--budget {budget:g}: the default for {pipeline.name}")
    served = asked.base_url is not None or any(each.base_url for each in pipeline.models)
    execute = asked.execute
    if execute is None:
        execute = pipeline.simulation is None and asked.record is None and served
    if pipeline.simulation is None and asked.record is None and not execute:
        raise InputError(
            f"{path}: there is no server and no record to run trials on",
            hint="use --base-url for a server, or --record for recorded trials",
        )
    unseen = find_held_out(pipeline, path)
    return AllocationRequest(
        pipeline=pipeline,
        path=path,
        digest=content,
        held_out=None if unseen is None else HeldOutQuestions(**unseen._asdict()),
        budget=budget,
        record=None if asked.record is None else asked.record.resolve(),
        execute=execute,
        base_url=asked.base_url or "",
        governors=_parse_governors(asked.governors),
    )


def _load_pipeline(asked: AllocateOptions) -> tuple[Pipeline, Path | None, str]:
    """Return the pipeline, its file if it has one, and its digest."""
    simulated = {"draw": asked.draw is not None, "without": bool(asked.without),
                 "sampled": asked.sampled}  # fmt: skip
    if asked.pipeline is not None:
        for name, is_given in simulated.items():
            if is_given:
                raise InputError(
                    f"--{name}: applies only to the simulated pipeline, which is used without --on",
                    hint="use [simulation] in the pipeline file instead",
                )
        found = read_pipeline(asked.pipeline)
        return found.pipeline, asked.pipeline.resolve(), found.digest
    for name in ("record", "governors", "execute"):
        if getattr(asked, name):
            raise InputError(
                f"--{name.removesuffix('s')}: needs a pipeline file", hint="give it with --on"
            )
    simulation = Simulation(
        seed=(asked.seed or 0) if asked.draw is None else asked.draw,
        sizes="sizes" not in asked.without,
        saturation="saturation" not in asked.without,
        coupling="coupling" not in asked.without,
        sampled=asked.sampled,
    )
    pipeline = draw_pipeline(simulation)
    return pipeline, None, pipeline_digest(pipeline, ())


def _parse_governors(typed_: Sequence[str]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for each in typed_:
        stage, sign, governor = each.partition("=")
        if not sign:
            raise InputError(f"--governor {each}: write STAGE=CONTROLLER@BETA")
        found.setdefault(stage, []).append(governor)
    return found


def _resolve_model_setup(
    asked: AllocateOptions,
    names: Sequence[str],
    settings: ChatSettings,
    agent: AgentSettings,
    before: RunDirectory | None,
) -> ModelOptions:
    """How proposing models are asked. The server of a pipeline is not theirs."""
    given = collect_model_fields(asked.given(MODEL_FIELDS))
    if not any(each.startswith("chat:") for each in names):
        given.pop("base_url", None)
    return resolve_model_setup(
        names, given, brief_tokens=0, caps=_build_caps(asked, RunLimits()), settings=settings,
        agent=agent, before=before.request.asking if before is not None else None,
    )  # fmt: skip


def _build_caps(asked: AllocateOptions, before: RunLimits) -> RunLimits:
    trials = asked.trials or before.evaluations or DEFAULT_TRIALS
    return RunLimits(
        rounds=asked.rounds or max(before.rounds, ROUNDS_PER_TRIAL * trials),
        evaluations=trials,
        minutes=asked.max_minutes or before.minutes,
        usd=asked.max_usd or before.usd,
        tokens=asked.max_tokens or before.tokens,
    )


def _resume_run(place: Path, asked: AllocateOptions) -> RunDirectory:
    """Open a run to resume; given limits replace its own."""
    run = open_run(place)
    request = run.request
    if request.allocation is None:
        raise InputError(
            f"{place}: this run searches for controllers",
            hint=f"use rheostat discover --run {place} --resume",
        )
    _refuse_changed(asked, request, request.allocation)
    url = asked.base_url or request.allocation.base_url
    after = replace(
        request,
        caps=_build_caps(asked, request.caps),
        allocation=replace(request.allocation, base_url=url),
    )
    if after != request:
        with run.locked():
            run.write("request.json", after)
    return run


def _refuse_changed(asked: AllocateOptions, request: Request, of: AllocationRequest) -> None:
    """Raise if an option differs from the one that the run was started with."""
    names: Mapping[str, tuple[object, object]] = {
        "on": (asked.pipeline and asked.pipeline.resolve(), of.path),
        "budget": (asked.budget, of.budget),
        "seed": (asked.seed, request.seed),
        "proposer": (list(asked.proposers) or None, request.proposers),
        "record": (asked.record and asked.record.resolve(), of.record),
        "approve": (asked.approve and ApprovalMode(asked.approve), request.approve),
        "per-round": (asked.per_round, request.per_round),
        "governor": (_parse_governors(asked.governors) or None, of.governors),
    }
    for name, (given, begun) in names.items():
        if given is not None and given != begun:
            raise InputError(
                f"--{name}: the run was started with another value; leave it out to resume",
                hint="only limits and --base-url can be changed: --trials, --rounds, --max-…",
            )
