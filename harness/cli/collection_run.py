"""Run ``rheostat collect``: progress, previews and summaries."""

from collections.abc import Mapping
from contextlib import AsyncExitStack
from pathlib import Path

from harness.cli import console
from harness.cli.collect_options import (
    CollectOptions,
    warn_of_equal_branches,
    warn_of_inexact_steps,
    with_family,
)
from harness.cli.model_servers import connect_servers
from harness.presentation.progress_bar import Advance
from store.collection.chains import complete_existing_chain
from store.collection.collector import Collection, begin_journal, is_already_collected
from store.collection.context import count_truth_tokens
from store.collection.estimate import Estimate, estimate_cost
from store.collection.preparation import CollectionPlan, prepare_collection
from store.collection.probing import AnswerRules
from store.collection.progress import CollectionProgress, Prices
from store.collection.scoring import open_scoring, remove_scores
from store.errors import SealedRecording
from store.serving.endpoints import Endpoint
from store.writer import RecordingWriter

MOST_NAMED = 10
"""The most missing branches that are listed."""

RESUME_HINT = "everything recorded so far is kept; run the same command again to resume"


async def run_collection(
    path: Path, work: CollectionPlan, options: CollectOptions, reading: AnswerRules
) -> None:
    """Collect what is missing, then seal the recording.

    Args:
        path: The recording.
        work: The collection plan.
        options: The options of the command.
        reading: How answers are extracted and compared.

    Raises:
        ServingError: A server failed; what was recorded is kept.
        ScorerError: A scorer failed; what was recorded is kept.
        StoreError: The recording cannot be written; what was recorded is kept.
    """
    prices = options.prices
    async with connect_servers(options.serving) as endpoints:
        work = await with_known_family(work, options, endpoints)
        warn_of_equal_branches(work.settings, work.branches)
        prepared = await prepare_collection(work, endpoints, reading)
        warn_of_inexact_steps(work.settings, prepared.served)
        if not path.exists():
            # Scores of a journal that was deleted are no scores of this one.
            remove_scores(path)
        try:
            writer = begin_journal(path, work, prepared)
        except SealedRecording:
            if not is_already_collected(path, work, prepared):
                raise
            remove_scores(path)
            console.info(f"{path}: already complete")
            return
        async with AsyncExitStack() as stack:
            stack.enter_context(writer)
            if writer.recovered:
                console.warn(f"{path}: {writer.recovered}")
            existing = sum(map(len, writer.recorded_indexes.values()))
            if existing:
                console.info(f"{path}: resuming with {existing:,} branches recorded")
            advance: list[Advance] = []
            await _warn_of_ranks(endpoints[0], options.ranks)
            scoring = await stack.enter_async_context(open_scoring(work.settings.scorers, path))
            collection = Collection(
                work, prepared, endpoints, reading, writer, lambda count: advance[0](count), scoring
            )
            tally, longest = collection.tally, work.settings.drawing.max_tokens

            def more() -> str:
                return format_progress(tally, prices, longest)

            with console.progress("collecting", tally.branches - existing, more) as bar:
                advance.append(bar)
                await collection.run()
            await collection.seal()
            remove_scores(path)
        _report_missing(path, collection.missing.reasons)
        console.info(format_session(tally, prices))


async def with_known_family(
    work: CollectionPlan, options: CollectOptions, endpoints: list[Endpoint]
) -> CollectionPlan:
    """Return the plan with the forced texts of the served model.

    Args:
        work: The collection plan.
        options: The options of the command.
        endpoints: The servers.

    Raises:
        InputError: The family of the model is unknown.
        ServingError: The server does not respond.
    """
    engine = endpoints[0].engine
    return work._replace(settings=await with_family(options, work.settings, engine))


def _report_missing(path: Path, reasons: list[str]) -> None:
    """Report the branches that a sealed recording lacks."""
    for reason in reasons[:MOST_NAMED]:
        console.warn(f"{path}: {reason}; recorded as missing")
    if len(reasons) > MOST_NAMED:
        console.warn(f"{path}: {len(reasons) - MOST_NAMED} more branches are recorded as missing")


async def _warn_of_ranks(endpoint: Endpoint, ranks: int) -> None:
    """Warn if probes may miss the prefix cache."""
    counters = await endpoint.engine.counters()
    if counters is not None and counters.engines > ranks:
        console.warn(
            f"{endpoint.engine.address}: has {counters.engines} data-parallel engines; use --ranks"
            f" {counters.engines} to send probes to the engine that caches their prefix"
        )


async def preview_collection(
    path: Path, work: CollectionPlan, options: CollectOptions, reading: AnswerRules, expect: int
) -> Estimate:
    """Estimate a collection. Generate nothing and write nothing.

    Args:
        path: The recording; branches in its journal are not counted.
        work: The collection plan.
        options: The servers, which tokenise the prompts, and the prices.
        reading: How answers are extracted and compared.
        expect: Expected tokens of a branch.
    """
    async with connect_servers(options.serving) as endpoints:
        work = await with_known_family(work, options, endpoints)
        prepared = await prepare_collection(work, endpoints, reading)
        existing = _existing_branches(path)
        missing = {
            question.id: work.wanted(question.id) - len(existing.get(question.id, ()))
            for question in prepared.questions
        }
        lengths = {name: [expect] * count for name, count in missing.items()}
        if work.chains is not None:
            lengths = await _existing_lengths(work, endpoints[0], existing)
        return estimate_cost(
            work.settings, prepared.questions, missing, lengths, len(prepared.forced.both),
            work.most_per_request, options.prices,
            count_truth_tokens(prepared.forced, prepared.truth),
        )  # fmt: skip


def _existing_branches(path: Path) -> Mapping[str, frozenset[int]]:
    """Return what a journal already holds."""
    if not path.exists():
        return {}
    with RecordingWriter.resume(path) as writer:
        return dict(writer.recorded_indexes)


async def _existing_lengths(
    work: CollectionPlan, endpoint: Endpoint, existing: Mapping[str, frozenset[int]]
) -> dict[str, list[int]]:
    lengths: dict[str, list[int]] = {}
    for name, chains in (work.chains or {}).items():
        lacking = [
            chain for index, chain in enumerate(chains) if index not in existing.get(name, ())
        ]
        lengths[name] = [
            len((await complete_existing_chain(endpoint, chain)).token_ids) for chain in lacking
        ]
    return lengths


def format_progress(tally: CollectionProgress, prices: Prices, longest: int) -> str:
    """Format the status after the progress bar.

    Args:
        tally: What was done so far.
        prices: Prices of tokens and hours.
        longest: The most tokens of a branch.
    """
    rate, seconds_left = tally.rate(), tally.seconds_left(longest)
    parts = [f"{rate or 0:,.0f} tokens/s"]
    share = None if tally.cache is None else tally.cache.share
    if share is not None:
        parts.append(f"cache {100 * share:.0f} %")
    if seconds_left is not None:
        parts.append(f"{format_duration(seconds_left)} left")
    if prices.known:
        parts.append(f"${tally.usd(prices):,.2f}")
    return ", ".join(parts)


def format_session(tally: CollectionProgress, prices: Prices) -> str:
    """Summarise a session in one line."""
    seconds = max(tally.seconds, 1e-9)
    branches = f"{tally.done:,} branches of {tally.recorded:,} tokens"
    probed = f"{tally.probes:,} probes of {tally.probe_tokens:,}"
    parts = [
        f"{branches} and {probed} in {format_duration(seconds)}",
        f"{tally.generated / seconds:,.0f} tokens/s",
    ]
    if tally.cache is not None and tally.cache.share is not None:
        parts.append(f"{100 * tally.cache.share:.1f} % of prompt tokens from the cache")
    if prices.known:
        parts.append(f"${tally.usd(prices):,.2f}")
    return "; ".join(parts)


def format_duration(seconds: float) -> str:
    """Format a duration in its two largest units."""
    total = round(seconds)
    if total < 60:
        return f"{total} s"
    if total < 3600:
        return f"{total // 60} min {total % 60} s"
    return f"{total // 3600} h {total % 3600 // 60} min"


def format_estimate(estimate: Estimate, prices: Prices, expect: int) -> str:
    """Format an estimate for people.

    Args:
        estimate: The estimate.
        prices: Prices of tokens and hours.
        expect: Expected tokens of a branch.
    """
    sent = f"{estimate.sent:,} tokens in {estimate.requests:,} requests"
    lines = [
        (
            "branches",
            f"{estimate.branches:,}, {estimate.tokens:,} tokens where each has {expect:,}",
        ),
        ("probes", f"{estimate.probes:,}, at most {estimate.probe_tokens:,} tokens"),
        (
            "prompts",
            f"{sent}, {estimate.fresh:,} of them new to a prefix cache that keeps everything",
        ),
    ]
    if prices.known:
        lines.append(("money", f"${estimate.usd:,.2f} for tokens"))
        if prices.per_hour:
            lines.append(("", f"and ${prices.per_hour:,.2f} for each hour of serving"))
    return "".join(f"{label:<10}{words}\n" for label, words in lines)
