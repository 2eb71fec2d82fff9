"""Runs that search for controllers: create a run from options, or resume one."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from agents.chat.settings import ChatSettings
from agents.evolution.starting_programs import follows_beta
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
    StartingProgram,
)
from agents.search.objective import MeetObjective, TokensAtObjective, parse_objective
from agents.setup.model_setup import (
    MODEL_FIELDS,
    check_language_options,
    collect_model_fields,
    resolve_model_setup,
)
from agents.setup.program_options import (
    START_FROM,
    check_baselines_unchanged,
    load_starting_programs,
    parse_baselines,
)
from harness.errors import InputError
from harness.request.controllers import load_program
from harness.request.option_names import name_option
from harness.request.ranges import list_betas
from harness.request.recordings import NamedRecording, open_recordings
from sandbox.registration import require_container_isolation

_CAPS = {
    "rounds": "rounds", "max_evaluations": "evaluations", "max_minutes": "minutes",
    "max_usd": "usd", "max_tokens": "tokens",
}  # fmt: skip
"""Options that limit a run, with the fields of `RunLimits` that they set."""

_CHANGEABLE = (*_CAPS, "base_url")
"""Options that may differ when a run is resumed."""

ROUNDS_WITH_MINUTES = 1000
"""Default number of rounds of a run that ends after a number of minutes."""

PYTHON_SEEDS = {"seeds": 6, "screening": 2}
"""Default seeds for controllers in Python, which are not compiled and therefore slow."""


def begin_run(
    directory: Path,
    on: Sequence[Path],
    held_out: Sequence[Path],
    options: Mapping[str, Any],
    *,
    settings: ChatSettings,
    agent: AgentSettings,
    before: RunDirectory | None,
    warn: Callable[[str], None],
) -> RunDirectory:
    """Create the directory of a new run, after all checks.

    Args:
        directory: Directory of the run.
        on: Recordings of the search set.
        held_out: Recordings for the report.
        options: The other options by name; ``None`` if an option was not given.
        settings: Settings of model calls.
        agent: Settings of agents; options take precedence.
        before: Run whose model replies are replayed; ``None`` to call models.
        warn: Called with each warning.

    Raises:
        InputError: An option cannot be used.
        StoreError: A recording cannot be read.
        ExternalError: A model cannot be called.
    """
    if not on:
        raise InputError(f"{name_option('on')} is missing: give the recordings to search on")
    search, held_out_recordings = open_recordings(on), open_recordings(held_out) if held_out else []
    _require_disjoint(search, held_out_recordings)
    request = Request(
        search=_recording_refs(search),
        held_out=_recording_refs(held_out_recordings),
        caps=RunLimits(**_default_caps(options) | _caps(options)),
        **(_default_fields(options) | _fields(options)),
    )
    check_language_options(request, options)
    if request.language is ControllerLanguage.PYTHON:
        require_container_isolation()
    model_options = resolve_model_setup(
        request.proposers,
        collect_model_fields(options),
        language=request.language,
        brief_tokens=request.brief_tokens,
        caps=request.caps,
        settings=settings,
        agent=agent,
        before=before.request.asking if before is not None else None,
        warn=warn,
    )
    return create_run(directory, replace(request, asking=model_options))


def resume_run(
    directory: Path, on: Sequence[Path], held_out: Sequence[Path], options: Mapping[str, Any]
) -> RunDirectory:
    """Open a run to resume; limits and the URL of a server may be changed.

    Args:
        directory: Directory of the run.
        on: Recordings of the search set; if given, they must be those of the run.
        held_out: Recordings for the report; if given, they must be those of the run.
        options: The other options by name; ``None`` if an option was not given.

    Raises:
        InputError: The run does not exist, or an option differs from the run's request.
    """
    run = open_run(directory)
    before = run.request
    named = {"on": (on, before.search), "held_out": (held_out, before.held_out)}
    for option, (paths, refs) in named.items():
        digests = [
            recording.digest
            for recording in (_recording_refs(open_recordings(paths)) if paths else refs)
        ]
        if digests != [recording.digest for recording in refs]:
            raise InputError(
                f"{name_option(option)}: the run was started with other recordings; leave it out to"
                " resume"
            )
    model_fields = collect_model_fields(options)
    moved = model_fields.pop("base_url", before.asking.base_url)
    for begun_with, fields in ((before, _fields(options)), (before.asking, model_fields)):
        for name, value in fields.items():
            if value != getattr(begun_with, name):
                raise InputError(
                    f"{_name_field(name)}: the run was started with another value; leave it out to"
                    " resume",
                    hint=f"only {', '.join(map(name_option, _CHANGEABLE))} can be changed",
                )
    check_baselines_unchanged(before.baselines)
    if before.language is ControllerLanguage.PYTHON:
        require_container_isolation()
    after = replace(
        before,
        caps=replace(before.caps, **_caps(options)),
        asking=replace(before.asking, base_url=moved),
    )
    if after != before:
        with run.locked():  # an active session keeps the limits that it started with
            run.write("request.json", after)
    return run


def _recording_refs(recordings: Sequence[NamedRecording]) -> list[RecordingRef]:
    return [
        RecordingRef(label=label, path=recording.path.resolve(), digest=recording.digest)
        for label, recording in recordings
    ]


def _require_disjoint(search: Sequence[NamedRecording], held_out: Sequence[NamedRecording]) -> None:
    digests = {recording.recording.digest: recording for recording in search}
    for recording in held_out:
        if recording.recording.digest in digests:
            raise InputError(
                f"{recording.recording.path}: is in the search set, so it cannot be held out"
            )


def _default_caps(options: Mapping[str, Any]) -> dict[str, Any]:
    """Return the default limits: minutes that are given are not cut short by a number of rounds."""
    return {} if options.get("max_minutes") is None else {"rounds": ROUNDS_WITH_MINUTES}


def _caps(options: Mapping[str, Any]) -> dict[str, Any]:
    return {field: options[name] for name, field in _CAPS.items() if options.get(name) is not None}


def _fields(options: Mapping[str, Any]) -> dict[str, Any]:
    """Parse the options that set fields of a request.

    Raises:
        InputError: An option cannot be used.
    """
    fields = {
        name: value
        for name, value in options.items()
        if value is not None and value != () and name not in _CAPS and name not in MODEL_FIELDS
    }
    if "proposers" in fields:
        fields["proposers"] = list(dict.fromkeys(fields["proposers"]))
        check_proposer_names(fields["proposers"])
    if "baselines" in fields:
        fields["baselines"] = parse_baselines(fields["baselines"])
    if "objective" in fields:
        _check_objective(fields)
    if "start_from" in fields:
        fields["starting_programs"] = load_starting_programs(
            fields.pop("start_from"), fields.get("profiles", ())
        )
        _check_starting_programs(fields["starting_programs"], fields.get("proposers"))
    if "beta" in fields:
        fields["betas"] = list_betas(fields.pop("beta"))
    if "language" in fields:
        fields["language"] = ControllerLanguage(fields["language"])
    if "approve" in fields:
        fields["approve"] = ApprovalMode(fields["approve"])
    if "feedback" in fields:
        fields["feedback"] = FeedbackMode(fields["feedback"])
    return fields


def _check_starting_programs(
    programs: Sequence[StartingProgram], proposers: Sequence[str] | None
) -> None:
    """Check that `evolve`, a proposer by default, has a program to vary.

    Raises:
        InputError: All programs are templates.
    """
    if "evolve" in (proposers or ["evolve"]) and not any(map(follows_beta, programs)):
        raise InputError(
            f"{name_option('start_from')}: all programs are templates, which evolve cannot vary",
            hint=f"add {name_option('start_from', 'handmade')}, or give"
            f" {name_option('proposers', 'templates')}",
        )


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


def _default_fields(options: Mapping[str, Any]) -> dict[str, Any]:
    """Return the default fields of a request."""
    python = options.get("language") == ControllerLanguage.PYTHON.value
    by_variation = python or options.get("free_knobs")
    return {
        "baselines": parse_baselines([]),
        "proposers": ["evolve"] if by_variation else ["templates", "evolve"],
        "starting_programs": load_starting_programs(START_FROM),
        **(PYTHON_SEEDS if python else {}),
    }


def _name_field(field: str) -> str:
    """Name the option of a field of `Request` or `ModelOptions`."""
    options = {"betas": "beta", "starting_programs": "start_from", "profiles": "objective"}
    return name_option(options.get(field, field))
