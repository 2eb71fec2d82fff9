"""From what was typed to a run of trials, and to its end."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from msgspec.structs import replace

from agents.allocation.frontier import frontier, frontier_table
from agents.allocation.held_out import held_out_told
from agents.allocation.means import RECORD, environment_of, means_of
from agents.allocation.proposers.choose import check, trial_proposers
from agents.allocation.result import result
from agents.allocation.summary import summary
from agents.allocation.task import allocation
from agents.allocation.writing import write_card, write_trial_report
from agents.chat.settings import ChatSettings
from agents.commands.asking import FIELDS, asking, typed
from agents.commands.conducting import ended, is_over
from agents.outside.settings import AgentSettings
from agents.proposers.choose import Means as ProposerMeans
from agents.run.directory import RunDirectory, create, open_run
from agents.run.records import (
    AllocationAsked,
    Approve,
    Asking,
    Caps,
    Decision,
    HeldOutQuestions,
    Request,
)
from dsl.allocation import load_allocation
from dsl.source import Source
from harness.allocation.opening import environment, held_out
from harness.allocation.simulator import drawn, usual_budget
from harness.allocation.space import Space
from harness.cli import console
from harness.cli.checking import read_program
from harness.cli.output import Output, shown_width
from harness.cli.settings import load
from harness.errors import InputError
from harness.request.ranges import betas
from store.pipelines.reading import digest, read_pipeline
from store.pipelines.records import Pipeline, Simulation

TRIALS = 50
"""As many as were published."""

ROUNDS = 3
"""Rounds for each trial at most: one that brings nothing new costs no trial."""


@dataclass(frozen=True)
class Asked:
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


def allocated(out: Output, asked: Asked) -> None:
    """Makes a run or goes on with one, and shows what it came to.

    Raises:
        InputError: something that was typed cannot be used.
        StoreError: a file of the pipeline cannot be read.
        SurroundingsError: a server or a package does not play its part.
    """
    settings, agent = load(ChatSettings, "chat"), load(AgentSettings, "agent")
    before = open_run(asked.replies) if asked.replies is not None else None
    with _directory(asked) as place:
        if asked.resume:
            run = _resumed(place, asked)
            if is_over(run, out):
                return
        else:
            run = create(place, _request(asked, settings, agent, before))
        request = run.request
        assert request.allocation is not None
        where = environment_of(request.allocation, run)
        made = trial_proposers(
            request.proposers, ProposerMeans(run, request.asking, settings, before, agent)
        )

        def finish(run: RunDirectory, candidate: str | None, decision: Decision | None) -> None:
            if candidate is not None:
                write_card(run, where, candidate, decision)

        opener = allocation(where, made)
        if not ended(run, opener, finish, out, asked.wait, asked.checkpoints, {}):
            return
        kept = asked.directory is not None
        found = result(run, where, kept=kept)
        # What was held out stays shut: the run may yet go on, and `rheostat report` opens it.
        means = means_of(request.allocation, run)
        found = replace(found, held_out=held_out_told(run, where, means, found, wanted=False))
        if kept:
            write_trial_report(run, found)
        out.document(found, summary(found))


def played(out: Output, asked: Asked, file: Path, beta: str) -> None:
    """Plays one allocation at every β, and shows its frontier.

    Raises:
        DslError: the allocation is not sound.
        InputError: it cannot be played on the pipeline, or is over its budget.
        SurroundingsError: a server does not play its part.
    """
    source = read_program(file)
    of = _asked_for(asked, budget=1.0)
    record = RECORD if of.record is None and of.execute else None
    means = means_of(of)._replace(governors=_with_own(of.governors, source, list(betas(beta))))
    means = means._replace(record=Path(record)) if record else means
    points = frontier(environment(of.pipeline, of.path, means), source, list(betas(beta)))
    out.document(points, frontier_table(points).text(shown_width(out)))


def _with_own(
    governors: Mapping[str, Sequence[str]], source: Source, at: Sequence[float]
) -> dict[str, list[str]]:
    """The governors that were asked for, and those that an allocation names itself."""
    found = {stage: list(some) for stage, some in governors.items()}
    for beta in at:
        for each in load_allocation(source).at(beta).stages:
            if each.controller:
                found.setdefault(each.stage, []).append(f"{each.controller}@{each.beta!r}")
    return found


@contextmanager
def _directory(asked: Asked) -> Iterator[Path]:
    """Where the run lies: what nobody named is not kept."""
    if asked.directory is not None:
        yield asked.directory
        return
    if asked.resume or (asked.approve or "auto") != "auto":
        what = "--resume" if asked.resume else f"--approve {asked.approve}"
        raise InputError(f"{what}: names no run", hint="--run DIR keeps one")
    with TemporaryDirectory(prefix="rheostat-") as folder:
        yield Path(folder) / "run"


def _request(
    asked: Asked, settings: ChatSettings, agent: AgentSettings, before: RunDirectory | None
) -> Request:
    """The request of a new run; everything is checked before anything is made."""
    names = list(dict.fromkeys(asked.proposers)) or ["agent"]
    check(names)
    of = _asked_for(asked, asked.budget)
    pipeline, path, budget = of.pipeline, of.path, of.budget
    where = environment(pipeline, path, means_of(of))
    Space(pipeline, budget, governed=where.governed, recorded=where.recorded)
    how = _asking(asked, names, settings, agent, before)
    return Request(
        version=2,
        proposers=names,
        approve=Approve(asked.approve or "auto"),
        seed=asked.seed or 0,
        per_round=asked.per_round or 1,
        repairs=0,
        asking=how,
        caps=_caps(asked, Caps(rounds=0)),
        allocation=of,
    )


def _asked_for(asked: Asked, budget: float | None) -> AllocationAsked:
    """The pipeline that was typed, and what plays it."""
    pipeline, path, content = _pipeline(asked)
    if budget is None:
        if pipeline.simulation is None:
            raise InputError(
                "--budget is missing: say what a trial may cost, in the pipeline's unit"
            )
        budget = usual_budget(pipeline)
        console.say(f"--budget {budget:g}: the usual one of {pipeline.name}")
    served = asked.base_url is not None or any(each.base_url for each in pipeline.models)
    execute = asked.execute
    if execute is None:
        execute = pipeline.simulation is None and asked.record is None and served
    if pipeline.simulation is None and asked.record is None and not execute:
        raise InputError(
            f"{path}: there is nothing to play it on",
            hint="--base-url for a server, or --record for trials that were recorded",
        )
    unseen = held_out(pipeline, path)
    return AllocationAsked(
        pipeline=pipeline,
        path=path,
        digest=content,
        held_out=None if unseen is None else HeldOutQuestions(**unseen._asdict()),
        budget=budget,
        record=None if asked.record is None else asked.record.resolve(),
        execute=execute,
        base_url=asked.base_url or "",
        governors=_governors(asked.governors),
    )


def _pipeline(asked: Asked) -> tuple[Pipeline, Path | None, str]:
    """The pipeline, its file if it has one, and its digest."""
    simulated = {"draw": asked.draw is not None, "without": bool(asked.without),
                 "sampled": asked.sampled}  # fmt: skip
    if asked.pipeline is not None:
        for name, is_given in simulated.items():
            if is_given:
                raise InputError(
                    f"--{name}: is of the pipeline that is drawn where --on names none",
                    hint="[simulation] in the pipeline file says it",
                )
        found = read_pipeline(asked.pipeline)
        return found.pipeline, asked.pipeline.resolve(), found.digest
    for name in ("record", "governors", "execute"):
        if getattr(asked, name):
            raise InputError(
                f"--{name.removesuffix('s')}: wants a pipeline file", hint="name it with --on"
            )
    simulation = Simulation(
        seed=(asked.seed or 0) if asked.draw is None else asked.draw,
        sizes="sizes" not in asked.without,
        saturation="saturation" not in asked.without,
        coupling="coupling" not in asked.without,
        sampled=asked.sampled,
    )
    pipeline = drawn(simulation)
    return pipeline, None, digest(pipeline, ())


def _governors(typed_: Sequence[str]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for each in typed_:
        stage, sign, governor = each.partition("=")
        if not sign:
            raise InputError(f"--governor {each}: write STAGE=CONTROLLER@BETA")
        found.setdefault(stage, []).append(governor)
    return found


def _asking(
    asked: Asked,
    names: Sequence[str],
    settings: ChatSettings,
    agent: AgentSettings,
    before: RunDirectory | None,
) -> Asking:
    """How proposing models are asked. The server of a pipeline is not theirs."""
    given = typed(asked.given(FIELDS))
    if not any(each.startswith("chat:") for each in names):
        given.pop("base_url", None)
    return asking(
        names, given, brief_tokens=0, caps=_caps(asked, Caps()), settings=settings,
        agent=agent, before=before.request.asking if before is not None else None,
    )  # fmt: skip


def _caps(asked: Asked, before: Caps) -> Caps:
    trials = asked.trials or before.evaluations or TRIALS
    return Caps(
        rounds=asked.rounds or max(before.rounds, ROUNDS * trials),
        evaluations=trials,
        minutes=asked.max_minutes or before.minutes,
        usd=asked.max_usd or before.usd,
        tokens=asked.max_tokens or before.tokens,
    )


def _resumed(place: Path, asked: Asked) -> RunDirectory:
    """Opens a run to go on with; caps that were given take the place of its own."""
    run = open_run(place)
    request = run.request
    if request.allocation is None:
        raise InputError(
            f"{place}: looks for controllers", hint=f"rheostat discover --run {place} --resume"
        )
    _refuse_changed(asked, request, request.allocation)
    url = asked.base_url or request.allocation.base_url
    after = replace(
        request,
        caps=_caps(asked, request.caps),
        allocation=replace(request.allocation, base_url=url),
    )
    if after != request:
        with run.locked():
            run.write("request.json", after)
    return run


def _refuse_changed(asked: Asked, request: Request, of: AllocationAsked) -> None:
    """Raises where something was typed that the run was not begun with."""
    names: Mapping[str, tuple[object, object]] = {
        "on": (asked.pipeline and asked.pipeline.resolve(), of.path),
        "budget": (asked.budget, of.budget),
        "seed": (asked.seed, request.seed),
        "proposer": (list(asked.proposers) or None, request.proposers),
        "record": (asked.record and asked.record.resolve(), of.record),
        "approve": (asked.approve and Approve(asked.approve), request.approve),
        "per-round": (asked.per_round, request.per_round),
        "governor": (_governors(asked.governors) or None, of.governors),
    }
    for name, (given, begun) in names.items():
        if given is not None and given != begun:
            raise InputError(
                f"--{name}: the run was begun with another value; leave it out to go on",
                hint="caps and --base-url alone can be changed: --trials, --rounds, --max-…",
            )
