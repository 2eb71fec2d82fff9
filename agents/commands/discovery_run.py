"""From what was typed to a run: a new one, or one that goes on."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from agents.chat.settings import ChatSettings
from agents.commands.baseline_options import check_baselines_unchanged, parse_baselines
from agents.commands.model_setup import (
    MODEL_FIELDS,
    check_language_options,
    collect_model_fields,
    resolve_model_setup,
)
from agents.commands.starting_points import START_FROM, load_starting_programs
from agents.external_agents.settings import AgentSettings
from agents.proposers.registry import check_proposer_names
from agents.run.directory import RunDirectory, create_run, open_run
from agents.run.records import (
    ApprovalMode,
    ControllerLanguage,
    FeedbackMode,
    RecordingRef,
    Request,
    RunLimits,
)
from agents.search.objective import MeetObjective, TokensAtObjective, parse_objective
from harness.errors import InputError
from harness.request.controllers import load_program
from harness.request.ranges import parse_betas
from harness.request.recordings import NamedRecording, open_recordings
from sandbox.registration import require_container_isolation

_CAPS = {
    "rounds": "rounds", "max_evaluations": "evaluations", "max_minutes": "minutes",
    "max_usd": "usd", "max_tokens": "tokens",
}  # fmt: skip
"""Options that bound a run, with the fields that they set."""

PYTHON_SEEDS = {"seeds": 6, "screening": 2}
"""Shuffles under which controllers in Python are played: they are not compiled, and take long."""


def begin_run(
    directory: Path,
    on: Sequence[Path],
    held_out: Sequence[Path],
    asked: Mapping[str, Any],
    *,
    settings: ChatSettings,
    agent: AgentSettings,
    before: RunDirectory | None,
) -> RunDirectory:
    """Create the directory of a new run, after all checks.

    Args:
        directory: of the run.
        on: the search set.
        held_out: recordings for the report.
        asked: the other options, ``None`` where they were not given.
        settings: how models are called.
        agent: where agents run, unless it was typed.
        before: another run, whose replies stand for them.

    Raises:
        InputError: something that was typed cannot be used.
        StoreError: a recording cannot be read.
        ExternalError: a model cannot be asked.
    """
    if not on:
        raise InputError("--on is missing: give the recordings to search on")
    search, kept = open_recordings(on), open_recordings(held_out) if held_out else []
    _require_disjoint(search, kept)
    wanted = Request(
        search=_recording_refs(search),
        held_out=_recording_refs(kept),
        caps=RunLimits(**_caps(asked)),
        **(_default_fields(asked) | _fields(asked)),
    )
    check_language_options(wanted, asked)
    if wanted.language is ControllerLanguage.PYTHON:
        require_container_isolation()
    how = resolve_model_setup(
        wanted.proposers,
        collect_model_fields(asked),
        language=wanted.language,
        brief_tokens=wanted.brief_tokens,
        caps=wanted.caps,
        settings=settings,
        agent=agent,
        before=before.request.asking if before is not None else None,
    )
    return create_run(directory, replace(wanted, asking=how))


def resume_run(
    directory: Path, on: Sequence[Path], held_out: Sequence[Path], asked: Mapping[str, Any]
) -> RunDirectory:
    """Open a run to resume; given limits replace its own.

    So does the URL of a server: where a model is served is no part of what it is asked.

    Raises:
        InputError: there is no such run, or what was typed is not what it was begun with.
    """
    run = open_run(directory)
    before = run.request
    named = {"on": (on, before.search), "held-out": (held_out, before.held_out)}
    for option, (paths, refs) in named.items():
        digests = [
            each.digest for each in (_recording_refs(open_recordings(paths)) if paths else refs)
        ]
        if digests != [each.digest for each in refs]:
            raise InputError(
                f"--{option}: the run was started with other recordings; leave it out to resume"
            )
    how = collect_model_fields(asked)
    moved = how.pop("base_url", before.asking.base_url)
    for begun_with, given in ((before, _fields(asked)), (before.asking, how)):
        for name, value in given.items():
            if value != getattr(begun_with, name):
                raise InputError(
                    f"--{_option_name(name)}: the run was started with another value; leave it"
                    " out to resume",
                    hint="only limits and --base-url can be changed: --rounds and the --max-…"
                    " options",
                )
    check_baselines_unchanged(before.baselines)
    if before.language is ControllerLanguage.PYTHON:
        require_container_isolation()
    after = replace(
        before,
        caps=replace(before.caps, **_caps(asked)),
        asking=replace(before.asking, base_url=moved),
    )
    if after != before:
        with run.locked():  # a session that is at work keeps the caps that it began with
            run.write("request.json", after)
    return run


def _recording_refs(recordings: Sequence[NamedRecording]) -> list[RecordingRef]:
    return [
        RecordingRef(label=label, path=recording.path.resolve(), digest=recording.digest)
        for label, recording in recordings
    ]


def _require_disjoint(search: Sequence[NamedRecording], held_out: Sequence[NamedRecording]) -> None:
    digests = {each.recording.digest: each for each in search}
    for each in held_out:
        if each.recording.digest in digests:
            raise InputError(
                f"{each.recording.path}: is in the search set, so it cannot be held out"
            )


def _caps(asked: Mapping[str, Any]) -> dict[str, Any]:
    return {field: asked[name] for name, field in _CAPS.items() if asked.get(name) is not None}


def _fields(asked: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields of a request that were asked for.

    Raises:
        InputError: one of them cannot be used.
    """
    found = {
        name: value
        for name, value in asked.items()
        if value is not None and value != () and name not in _CAPS and name not in MODEL_FIELDS
    }
    if "proposers" in found:
        found["proposers"] = list(dict.fromkeys(found["proposers"]))
        check_proposer_names(found["proposers"])
    if "baselines" in found:
        found["baselines"] = parse_baselines(found["baselines"])
    if "objective" in found:
        _check_objective(found)
    if "start_from" in found:
        found["starting_programs"] = load_starting_programs(found.pop("start_from"))
    if "beta" in found:
        found["betas"] = list(parse_betas(found.pop("beta")))
    if "language" in found:
        found["language"] = ControllerLanguage(found["language"])
    if "approve" in found:
        found["approve"] = ApprovalMode(found["approve"])
    if "feedback" in found:
        found["feedback"] = FeedbackMode(found["feedback"])
    return found


def _check_objective(fields: dict[str, Any]) -> None:
    """Check the objective, and add the profiles of its file if it names one.

    Raises:
        InputError: The objective, its controller or its file cannot be used.
    """
    objective = parse_objective(fields["objective"])
    if isinstance(objective, MeetObjective):
        fields["profiles"] = list(objective.profiles)
    if isinstance(objective, TokensAtObjective):
        load_program(objective.controller)


def _default_fields(asked: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields of a run whose options name nothing else."""
    python = asked.get("language") == ControllerLanguage.PYTHON.value
    by_variation = python or asked.get("free_knobs")
    return {
        "baselines": parse_baselines([]),
        "proposers": ["evolve"] if by_variation else ["templates", "evolve"],
        "starting_programs": load_starting_programs(START_FROM),
        **(PYTHON_SEEDS if python else {}),
    }


def _option_name(field: str) -> str:
    names = {
        "proposers": "proposer",
        "baselines": "baseline",
        "betas": "beta",
        "tune": "tune/--no-tune",
        "temperatures": "temperature",
        "constrained": "constrain/--no-constrain",
    }
    return names.get(field, field.replace("_", "-"))
