"""``rheostat profile``: what each line of a controller does and costs."""

from pathlib import Path
from typing import TYPE_CHECKING

from harness.cli.declarations import command, output_options, setting_option
from harness.cli.options import (
    beta_option,
    controller_argument,
    engine_option,
    on_option,
    rules_options,
    seeds_option,
    set_option,
)
from harness.cli.output import Output

if TYPE_CHECKING:
    from collections.abc import Sequence

    from harness.explanation.line_profile import Profile
    from harness.request.plan import Plan
    from harness.request.recordings import NamedRecording


@command(
    "profile",
    plays=True,
    examples=[
        (
            "rheostat profile cmc --on sample/search/*.recording --beta 0.5",
            "Show the cost of each line of the source.",
        ),
        ("rheostat profile esc --on r.recording --set size=4 --seeds 100", "Use other settings."),
        ("rheostat profile mine.py --on r.recording --json", "Write the profile as JSON."),
    ],
)
@controller_argument
@on_option
@beta_option
@set_option
@seeds_option(10)
@rules_options
@engine_option
@setting_option("threads")
@setting_option("cache_dir")
@output_options
def profile(
    out: Output,
    controller: str,
    on: tuple[Path, ...],
    beta: str,
    settings: tuple[str, ...],
    seeds: int,
    budget: int | None,
    kappa: int,
    engine: str,
    threads: int | None,
    cache_dir: Path | None,
) -> None:
    """Profile the lines of a controller: runs, tokens, endings.

    A second table shows tokens that were wasted in hindsight: those spent after the final leader
    was settled, on branches that were pruned later, and on branches that never counted. It also
    lists the questions lost and won against the majority over 64. Several recordings are profiled
    separately and then together.

    Args:
        out: Where to write the result, and in which format.
        controller: A Rheo file, or the name of a library controller.
        on: The recordings to replay.
        beta: The value of β as typed.
        settings: Knobs to set, each as ``[CONTROLLER.]KNOB=VALUES``.
        seeds: Number of seeds for each question; they are 0 to ``seeds - 1``.
        budget: Most tokens of an episode; ``None`` for no limit.
        kappa: Cost of a probe in tokens.
        engine: Name of the engine that plays the episodes.
        threads: Most threads; ``None`` to read the setting.
        cache_dir: Directory of cached results; ``None`` to read the setting.
    """
    from harness.cli import console, sweep_output
    from harness.engines import EpisodeRules
    from harness.engines.catalog import get_engine as engine_of
    from harness.evaluation.jobs import execution_options
    from harness.evaluation.point_warnings import describe_shortage
    from harness.explanation.line_profile import profile_controller
    from harness.request.plan import parse_plan
    from harness.request.recordings import open_recordings
    from harness.settings import GeneralSettings, load

    plan = parse_plan(controller, beta, settings, EpisodeRules(budget, kappa))
    recordings = open_recordings(on)
    sweep_output.refuse_unwritable(out)
    chosen = execution_options(
        load(GeneralSettings, flags={"threads": threads, "cache_dir": cache_dir})
    )
    player = engine_of(engine, chosen.workers, chosen.objects)
    questions = sum(len(named.recording.questions) for named in recordings)
    with console.progress("profiling", questions) as advance:
        profiles = profile_controller(plan, recordings, range(seeds), player, advance)
    console.warn_all(describe_shortage(plan, recordings))
    _write_profiles(out, plan, recordings, profiles, engine=player.name, seeds=seeds)


def _write_profiles(
    out: Output,
    plan: "Plan",
    recordings: "Sequence[NamedRecording]",
    profiles: "Sequence[Profile]",
    *,
    engine: str,
    seeds: int,
) -> None:
    from harness.cli.output import OutputFormat, output_width
    from harness.pages import profile_page
    from harness.request.plan import ForeignPlan, describe_plan_origin

    if out.form is OutputFormat.CSV:
        out.table(profile_page.lines_table(profiles))
        return
    name = plan.program.version if isinstance(plan, ForeignPlan) else engine
    what = describe_plan_origin(plan, recordings) | {"engine": name, "seeds": seeds}
    about = {
        "controller": f"{plan.program.label} ({plan.program.origin})",
        "seeds": f"0 to {seeds - 1}" if seeds > 1 else "0",
    }
    width = output_width(out)
    pages = [profile_page.format_profile(plan, about, profile, width) for profile in profiles]
    out.document({"what": what, "profiles": profiles}, "\n".join(pages))
