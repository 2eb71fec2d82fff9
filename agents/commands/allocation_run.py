"""Runs of trials: from the options of ``rheostat allocate`` to the result."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from msgspec.structs import replace

from agents.allocation.allocation_objective import (
    SCORE,
    check_profiles,
    parse_allocation_objective,
)
from agents.allocation.allocation_task import allocation_task_factory
from agents.allocation.beta_frontier import build_frontier_table, compute_frontier
from agents.allocation.held_out_evaluation import evaluate_held_out
from agents.allocation.proposers.registry import build_trial_proposers, check_trial_proposers
from agents.allocation.report_files import write_allocation_card, write_trial_report
from agents.allocation.report_pages import format_summary
from agents.allocation.results import compute_result
from agents.allocation.run_trials import TRIALS_RECORD, open_run_environment, run_playback_options
from agents.chat.settings import ChatSettings
from agents.commands.session_runner import is_run_over, run_to_end
from agents.external_agents.settings import AgentSettings
from agents.proposers.registry import ProposerResources
from agents.run.directory import RunDirectory, create_run, open_run
from agents.run.records import (
    AllocationRequest,
    ApprovalMode,
    Decision,
    ModelOptions,
    Request,
    RunLimits,
)
from agents.setup.model_setup import MODEL_FIELDS, collect_model_fields, resolve_model_setup
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
"""Number of trials in the published experiments."""

ROUNDS_PER_TRIAL = 3
"""Maximum rounds for each trial; a round without a new allocation costs no trial."""


@dataclass(frozen=True)
class AllocateOptions:
    """Options of the command; ``None`` or empty if an option was not given."""

    pipeline: Path | None
    budget: float | None
    trials: int | None
    seed: int | None
    draw: int | None
    proposers: Sequence[str]
    objective: str | None
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

    def select(self, names: Sequence[str]) -> dict[str, Any]:
        """Return the options among ``names`` that were given, by name."""
        values = {name: getattr(self, name) for name in names}
        return {name: value for name, value in values.items() if value not in (None, (), False)}


def run_allocation(out: Output, options: AllocateOptions) -> None:
    """Create or resume a run, and print its result.

    Raises:
        InputError: An option cannot be used.
        StoreError: A file of the pipeline cannot be read.
        ExternalError: A server fails, or a package is missing.
    """
    settings, agent = load(ChatSettings, "chat"), load(AgentSettings, "agent")
    before = open_run(options.replies) if options.replies is not None else None
    with _open_directory(options) as directory:
        if options.resume:
            run = _resume_run(directory, options)
            if is_run_over(run, out):
                return
        else:
            run = create_run(directory, _build_request(options, settings, agent, before))
        request = run.request
        assert request.allocation is not None
        environment = open_run_environment(request.allocation, run)
        proposers = build_trial_proposers(
            request.proposers, ProposerResources(run, request.asking, settings, before, agent)
        )

        def finish(run: RunDirectory, candidate: str | None, decision: Decision | None) -> None:
            if candidate is not None:
                write_allocation_card(run, environment, candidate, decision)

        opener = allocation_task_factory(environment, proposers)
        if not run_to_end(run, opener, finish, out, options.wait, options.checkpoints, {}):
            return
        is_kept = options.directory is not None
        result = compute_result(run, environment, is_kept=is_kept)
        # Held-out questions stay closed: the run can continue, and `rheostat report` opens them.
        playback = run_playback_options(request.allocation, run)
        result = replace(
            result, held_out=evaluate_held_out(run, environment, playback, result, wanted=False)
        )
        if is_kept:
            write_trial_report(run, result)
        out.document(result, format_summary(result))


def play_allocation(out: Output, options: AllocateOptions, file: Path, beta: str) -> None:
    """Play one allocation at every β, and print its frontier.

    Args:
        out: Output of the command.
        options: Options of the command; they name the pipeline and how it is played.
        file: File of the allocation.
        beta: Values of β: a list or a range ``first:last:step``.

    Raises:
        DslError: The allocation does not check.
        InputError: It cannot be played on the pipeline, or exceeds its budget.
        ExternalError: A server fails.
    """
    source = read_program(file)
    allocation = _build_allocation_request(options, budget=1.0)
    record = TRIALS_RECORD if allocation.record is None and allocation.execute else None
    playback = run_playback_options(allocation)._replace(
        governors=_merge_governors(allocation.governors, source, list(parse_betas(beta)))
    )
    playback = playback._replace(record=Path(record)) if record else playback
    points = compute_frontier(
        open_environment(allocation.pipeline, allocation.path, playback),
        source,
        list(parse_betas(beta)),
    )
    out.document(points, build_frontier_table(points).text(output_width(out)))


def _merge_governors(
    governors: Mapping[str, Sequence[str]], source: Source, betas: Sequence[float]
) -> dict[str, list[str]]:
    """Merge the requested governors with those that an allocation names."""
    merged = {stage: list(controllers) for stage, controllers in governors.items()}
    for beta in betas:
        for entry in load_allocation(source).at(beta).stages:
            if entry.controller:
                merged.setdefault(entry.stage, []).append(f"{entry.controller}@{entry.beta!r}")
    return merged


@contextmanager
def _open_directory(options: AllocateOptions) -> Iterator[Path]:
    """Open the directory of the run; a temporary one if none is named."""
    if options.directory is not None:
        yield options.directory
        return
    if options.resume or (options.approve or "auto") != "auto":
        option = "--resume" if options.resume else f"--approve {options.approve}"
        raise InputError(f"{option}: no run is given", hint="keep the run with --run DIR")
    with TemporaryDirectory(prefix="rheostat-") as folder:
        yield Path(folder) / "run"


def _build_request(
    options: AllocateOptions,
    settings: ChatSettings,
    agent: AgentSettings,
    before: RunDirectory | None,
) -> Request:
    """Build the request of a new run, after all checks."""
    names = list(dict.fromkeys(options.proposers)) or ["agent"]
    check_trial_proposers(names)
    allocation = _build_allocation_request(options, options.budget)
    pipeline, path, budget = allocation.pipeline, allocation.path, allocation.budget
    environment = open_environment(pipeline, path, run_playback_options(allocation))
    AllocationSpace(pipeline, budget, governed=environment.governed, recorded=environment.recorded)
    profiles = parse_allocation_objective(options.objective or SCORE)
    check_profiles(pipeline, profiles)
    model_options = _resolve_model_setup(options, names, settings, agent, before)
    return Request(
        version=2,
        proposers=names,
        objective=options.objective or SCORE,
        profiles=profiles,
        approve=ApprovalMode(options.approve or "auto"),
        seed=options.seed or 0,
        per_round=options.per_round or 1,
        repairs=0,
        asking=model_options,
        caps=_build_caps(options, RunLimits(rounds=0)),
        allocation=allocation,
    )


def _build_allocation_request(options: AllocateOptions, budget: float | None) -> AllocationRequest:
    """Build the part of the request that names the pipeline and how it is played."""
    pipeline, path, content = _load_pipeline(options)
    if budget is None:
        if pipeline.simulation is None:
            raise InputError(
                "--budget is missing: give the cost that a trial may have, in the unit of the"
                " pipeline"
            )
        budget = default_budget(pipeline)
        console.info(f"--budget {budget:g}: the default for {pipeline.name}")
    served = options.base_url is not None or any(model.base_url for model in pipeline.models)
    execute = options.execute
    if execute is None:
        execute = pipeline.simulation is None and options.record is None and served
    if pipeline.simulation is None and options.record is None and not execute:
        raise InputError(
            f"{path}: there is no server and no record to run trials on",
            hint="use --base-url for a server, or --record for recorded trials",
        )
    return AllocationRequest(
        pipeline=pipeline,
        path=path,
        digest=content,
        held_out=find_held_out(pipeline, path),
        budget=budget,
        record=None if options.record is None else options.record.resolve(),
        execute=execute,
        base_url=options.base_url or "",
        governors=_parse_governors(options.governors),
    )


def _load_pipeline(options: AllocateOptions) -> tuple[Pipeline, Path | None, str]:
    """Return the pipeline, its file if it has one, and its digest."""
    simulated = {"draw": options.draw is not None, "without": bool(options.without),
                 "sampled": options.sampled}  # fmt: skip
    if options.pipeline is not None:
        for name, is_given in simulated.items():
            if is_given:
                raise InputError(
                    f"--{name}: applies only to the simulated pipeline, which is used without --on",
                    hint="use [simulation] in the pipeline file instead",
                )
        loaded = read_pipeline(options.pipeline)
        return loaded.pipeline, options.pipeline.resolve(), loaded.digest
    for name in ("record", "governors", "execute"):
        if getattr(options, name):
            raise InputError(
                f"--{name.removesuffix('s')}: needs a pipeline file", hint="give it with --on"
            )
    simulation = Simulation(
        seed=(options.seed or 0) if options.draw is None else options.draw,
        sizes="sizes" not in options.without,
        saturation="saturation" not in options.without,
        coupling="coupling" not in options.without,
        sampled=options.sampled,
    )
    pipeline = draw_pipeline(simulation)
    return pipeline, None, pipeline_digest(pipeline, ())


def _parse_governors(texts: Sequence[str]) -> dict[str, list[str]]:
    governors: dict[str, list[str]] = {}
    for text in texts:
        stage, sign, governor = text.partition("=")
        if not sign:
            raise InputError(f"--governor {text}: write STAGE=CONTROLLER@BETA")
        governors.setdefault(stage, []).append(governor)
    return governors


def _resolve_model_setup(
    options: AllocateOptions,
    names: Sequence[str],
    settings: ChatSettings,
    agent: AgentSettings,
    before: RunDirectory | None,
) -> ModelOptions:
    """Resolve how proposing models are called; the pipeline's server does not serve them."""
    fields = collect_model_fields(options.select(MODEL_FIELDS))
    if not any(name.startswith("chat:") for name in names):
        fields.pop("base_url", None)
    return resolve_model_setup(
        names, fields, brief_tokens=0, caps=_build_caps(options, RunLimits()), settings=settings,
        agent=agent, before=before.request.asking if before is not None else None,
        warn=console.warn,
    )  # fmt: skip


def _build_caps(options: AllocateOptions, before: RunLimits) -> RunLimits:
    trials = options.trials or before.evaluations or DEFAULT_TRIALS
    return RunLimits(
        rounds=options.rounds or max(before.rounds, ROUNDS_PER_TRIAL * trials),
        evaluations=trials,
        minutes=options.max_minutes or before.minutes,
        usd=options.max_usd or before.usd,
        tokens=options.max_tokens or before.tokens,
    )


def _resume_run(directory: Path, options: AllocateOptions) -> RunDirectory:
    """Open a run to resume; given limits replace its own."""
    run = open_run(directory)
    request = run.request
    if request.allocation is None:
        raise InputError(
            f"{directory}: this run searches for controllers",
            hint=f"use rheostat discover --run {directory} --resume",
        )
    _refuse_changed(options, request, request.allocation)
    url = options.base_url or request.allocation.base_url
    after = replace(
        request,
        caps=_build_caps(options, request.caps),
        allocation=replace(request.allocation, base_url=url),
    )
    if after != request:
        with run.locked():
            run.write("request.json", after)
    return run


def _refuse_changed(
    options: AllocateOptions, request: Request, allocation: AllocationRequest
) -> None:
    """Raise if an option differs from the one that the run was started with."""
    names: Mapping[str, tuple[object, object]] = {
        "on": (options.pipeline and options.pipeline.resolve(), allocation.path),
        "budget": (options.budget, allocation.budget),
        "seed": (options.seed, request.seed),
        # Earlier versions stored another name for the score.
        "objective": (options.objective, request.objective if request.profiles else SCORE),
        "proposer": (list(options.proposers) or None, request.proposers),
        "record": (options.record and options.record.resolve(), allocation.record),
        "approve": (options.approve and ApprovalMode(options.approve), request.approve),
        "per-round": (options.per_round, request.per_round),
        "governor": (_parse_governors(options.governors) or None, allocation.governors),
    }
    for name, (value, original) in names.items():
        if value is not None and value != original:
            raise InputError(
                f"--{name}: the run was started with another value; leave it out to resume",
                hint="only limits and --base-url can be changed: --trials, --rounds, --max-…",
            )
