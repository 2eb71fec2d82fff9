"""The output of `rheostat trace`: an episode barrier by barrier, then the vote.

Lines end before column 80 unless a single word is longer; the rest wraps.
"""

import json
import textwrap
from collections.abc import Iterable, Iterator, Mapping, Sequence

import msgspec

from dsl.episode import Advance, Answer, AnyVerb, Open, Probe, Prune, Sample
from harness.escaping import escape_block
from harness.evaluation.grid import format_knobs
from harness.explanation.episode_trace import (
    EpisodeTrace,
    MemoryState,
    StopReason,
    TraceStep,
    Value,
    VoteCount,
)
from harness.mdp.ledger import Action
from harness.messages import format_count
from harness.presentation.table import Cell, Column, Table, truncate

WIDTH = 80
_LABEL = 11
_INDENT = 4
_LONGEST_ANSWER = 40
_LAST_VALUES = 6
"""The most values of a window that are shown."""

_NOTHING_YET = MemoryState({}, {}, {}, {})


class EpisodeSetting(msgspec.Struct, frozen=True):
    """The setting of a controller, from the document of an episode."""

    beta: float | None
    knobs: dict[str, int | float]
    budget: int | None
    kappa: int


def format_trace(
    what: Mapping[str, object], about: Mapping[str, str], episode: EpisodeTrace
) -> str:
    """Return the page of one episode.

    Args:
        what: The setting, from the document of the episode.
        about: Labels and values of what was played.
        episode: The episode.
    """
    setting = msgspec.convert(what, type=EpisodeSetting)
    parts = ["".join(_labelled(*pair) for pair in _head(setting, about))]
    before = _NOTHING_YET
    for moment in episode.barriers:
        parts.append(_barrier(moment, before))
        before = moment.memory
    votes = votes_table(episode.votes).text() if episode.votes else ""
    parts += [votes, "".join(_labelled(*pair) for pair in _end(episode))]
    return escape_block("\n".join(part for part in parts if part))


def format_ranges(branches: Iterable[int]) -> str:
    """Format branches in ascending order, runs of them as ``0-4``."""
    runs: list[list[int]] = []
    for branch in sorted(branches):
        if runs and branch == runs[-1][-1] + 1:
            runs[-1].append(branch)
        else:
            runs.append([branch])
    return " ".join(str(run[0]) if len(run) == 1 else f"{run[0]}-{run[-1]}" for run in runs)


def quote_answer(answer: str | None) -> str:
    """Quote an answer, cut if it is long; ``none`` without one."""
    if answer is None:
        return "none"
    cut = answer if len(answer) <= _LONGEST_ANSWER else answer[: _LONGEST_ANSWER - 1] + "…"
    return json.dumps(cut, ensure_ascii=False)


def _head(setting: EpisodeSetting, about: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    yield from about.items()
    yield "beta", "not followed" if setting.beta is None else f"{setting.beta:g}"
    if setting.knobs:
        yield "knobs", format_knobs(setting.knobs)
    if setting.budget is not None:
        yield "budget", f"{setting.budget:,} tokens"
    if setting.kappa:
        yield "probe", f"{setting.kappa:,} tokens each"


def summarise_steps(steps: Sequence[TraceStep]) -> list[tuple[Cell, ...]]:
    """Return a row for each step: number, position, action, revealed answers, both costs."""
    rows: list[tuple[Cell, ...]] = []
    for step in steps:
        action = " ".join(_verb(step.verb, step.actions))
        revealed = _revealed(step.actions)
        rows.append((step.number, _location(step), action, revealed, step.spent, step.sequential))
    return rows


def _location(moment: TraceStep) -> str:
    parts = []
    if moment.section is not None:
        steps = f" {moment.steps}" if moment.section == "step" else ""
        parts.append(f"{moment.section}{steps}")
    if moment.line is not None:
        parts.append(f"line {moment.line}: {moment.source}")
    return ", ".join(parts) or "end"


def _barrier(moment: TraceStep, before: MemoryState) -> str:
    head = f"{moment.number}  {_location(moment)}"
    lines = [f"{truncate(head, WIDTH - 1)}\n"]
    lines += [_labelled(*pair, indent=_INDENT) for pair in _memory_lines(moment, before)]
    return "".join(lines)


def _memory_lines(moment: TraceStep, before: MemoryState) -> Iterator[tuple[str, str]]:
    if changes := list(_changes(before, moment.memory)):
        yield "memory", "; ".join(changes)
    yield _verb(moment.verb, moment.actions)
    if revealed := _revealed(moment.actions):
        yield "revealed", revealed
    if finished := {a.branch for a in moment.actions if a.finished and a.branch is not None}:
        yield "finished", format_ranges(finished)
    if moment.exhausted:
        yield "budget", "the episode ended during this action; the rest was not executed"
    if not isinstance(moment.verb, Answer):
        tokens = f"+{moment.charged:,} = {moment.spent:,}"
        sequential = f"+{moment.sequential_charged:,} = {moment.sequential:,}"
        yield "tokens", f"{tokens}; sequential {sequential}"
    if moment.verb.because is not None:
        yield "because", moment.verb.because


def _verb(verb: AnyVerb, actions: Sequence[Action]) -> tuple[str, str]:
    """Return the verb and its arguments."""
    match verb:
        case Open() | Sample():
            opened = {action.branch for action in actions if action.branch is not None}
            unseen = " unseen" if isinstance(verb, Open) and not verb.look else ""
            word = "open" if isinstance(verb, Open) else "sample"
            return word, f"{verb.count}{unseen}: {format_ranges(opened)}"
        case Advance(branches=branches, bursts=bursts):
            by_burst: dict[int, list[int]] = {}
            for branch, burst in zip(branches, bursts, strict=True):
                by_burst.setdefault(burst, []).append(branch)
            groups = [
                f"{format_ranges(group)} by {burst}" for burst, group in sorted(by_burst.items())
            ]
            return "advance" if verb.look else "extend", ", ".join(groups)
        case Probe(branches=branches):
            return "probe", format_ranges(branches)
        case Prune(branches=branches):
            return "prune", format_ranges(branches)
        case Answer(answer=answer):
            return "answer", quote_answer(answer)


def _revealed(actions: Iterable[Action]) -> str:
    """Return the revealed answers, each with its count and branches, most frequent first."""
    counts: dict[str, int] = {}
    on: dict[str, set[int]] = {}
    for action in actions:
        if action.answer is not None and action.branch is not None:
            counts[action.answer] = counts.get(action.answer, 0) + 1
            on.setdefault(action.answer, set()).add(action.branch)
    ranked = sorted(counts, key=lambda answer: -counts[answer])
    return ", ".join(
        f"{quote_answer(answer)} x{counts[answer]} ({format_ranges(on[answer])})"
        for answer in ranked
    )


def _changes(before: MemoryState, after: MemoryState) -> Iterator[str]:
    """Return the changes of memory since the previous verb."""
    for name, value in after.cells.items():
        if name not in before.cells:
            yield f"{name} = {_value(value)}"
        elif not _same(before.cells[name], value):
            yield f"{name} {_change(before.cells[name], value)}"
    for name, values in after.windows.items():
        if before.windows.get(name, ()) != values:
            yield f"{name} = {_window(values)}"
    for name, let in after.lets.items():
        if name not in before.lets or not _same(before.lets[name], let):
            yield f"{name} = {_set(let) if isinstance(let, tuple) else _value(let)}"
    for name, column in after.fields.items():
        yield from _field_changes(name, before.fields.get(name, ()), column)
    for name, rows in after.branch_windows.items():
        earlier = before.branch_windows.get(name, ())
        by_text: dict[str, list[int]] = {}
        for branch, values in enumerate(rows):
            if branch >= len(earlier) or earlier[branch] != values:
                by_text.setdefault(_window(values), []).append(branch)
        for text, branches in by_text.items():
            yield f"{name} = {text} on {format_ranges(branches)}"


def _field_changes(name: str, before: Sequence[Value], after: Sequence[Value]) -> Iterator[str]:
    """Return new values of a field, each with its branches."""
    by_value: dict[str, list[int]] = {}
    for branch, value in enumerate(after):
        if branch >= len(before) or not _same(before[branch], value):
            by_value.setdefault(_value(value), []).append(branch)
    for change, branches in by_value.items():
        yield f"{name} = {change} on {format_ranges(branches)}"


def _same(one: object, other: object) -> bool:
    # A field keeps its type, but a `let` may be an integer in one step and a boolean in another.
    return type(one) is type(other) and one == other


def _value(value: Value) -> str:
    match value:
        case bool():
            return "true" if value else "false"
        case float():
            return f"{value:.6g}"
        case int():
            return str(value)
        case _:
            return quote_answer(value)


def _change(old: Value, new: Value) -> str:
    """Return both values, in full if their short forms look alike."""
    values = _value(old), _value(new)
    if values[0] == values[1]:
        values = str(old), str(new)
    return " -> ".join(values)


def _window(values: Sequence[float]) -> str:
    last = " ".join(_value(value) for value in values[-_LAST_VALUES:])
    if len(values) > _LAST_VALUES:
        return f"[… {last}], {len(values)} values"
    return f"[{last}]"


def _set(branches: tuple[int, ...]) -> str:
    return f"{{{format_ranges(branches)}}}"


def votes_table(votes: Sequence[VoteCount]) -> Table:
    """Return the votes at the end of an episode."""
    columns = [Column("answer"), Column("finished"), Column("alive"), Column("pruned")]
    rows = [(_voter(vote.answer), vote.finished, vote.alive, vote.pruned) for vote in votes]
    return Table(columns, rows)


def _voter(answer: str | None) -> str:
    return "(never revealed)" if answer is None else quote_answer(answer)


def _end(episode: EpisodeTrace) -> Iterator[tuple[str, str]]:
    if episode.stopped is not None:
        yield "stopped", _stop(episode.stopped)
    yield "answer", quote_answer(episode.answer)
    if episode.gold is not None:
        yield (
            "gold",
            f"{quote_answer(episode.gold)}: the answer is {'right' if episode.right else 'wrong'}",
        )
    barriers = len(episode.barriers) - 1
    spent = f"{episode.tokens:,}, sequential {episode.sequential:,}"
    yield "tokens", f"{spent}, in {format_count(barriers, 'barrier')}"


def _stop(stop: StopReason) -> str:
    if stop.budget:
        return f"the budget was reached in line {stop.line}: {stop.source}"
    because = "" if stop.because is None else f" because {quote_answer(stop.because)}"
    return f"in line {stop.line}{because}"


def _labelled(label: str, text: str, *, indent: int = 0) -> str:
    return _wrapped(f"{'':{indent}}{label:<{_LABEL}}", text)


def _wrapped(head: str, text: str) -> str:
    """Wrap a text; later lines are aligned with the text of the first."""
    lines = textwrap.wrap(
        " ".join(text.splitlines()),
        WIDTH - 1,
        initial_indent=head,
        subsequent_indent=" " * len(head),
        break_long_words=False,
        break_on_hyphens=False,
    )
    return "".join(f"{line.rstrip()}\n" for line in lines or [head])
