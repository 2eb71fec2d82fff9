"""List earlier candidates and reviewers' notes, so that proposers do not repeat an idea."""

import re
from collections.abc import Callable, Sequence

from agents.feedback.brief import SectionForm, render_template
from agents.feedback.history import ReviewedCandidate, SearchHistory
from agents.feedback.program_diff import diff_programs
from agents.formatting import describe_gain, truncate_line
from agents.run.records import Decision, Review, ReviewVerdict
from dsl import library
from harness.messages import format_count

RATIONALE_LENGTH = 200
"""Maximum characters of a proposer's rationale, for a candidate of the last round."""

SHORT_RATIONALE_LENGTH = 80
"""Maximum characters of a proposer's rationale, for a candidate of an earlier round."""

MAX_ERRORS = 2
"""Errors of a program that are shown in full; one error often causes the others."""

EXCERPT_LINES = 12
"""Lines of an error that are shown."""

CANDIDATE_COUNTS = (40, 15, 5)
"""Candidates of earlier rounds that are listed, in the long form and in the short one."""

NOTE_LENGTH = 600
"""Maximum characters of a reviewer's note."""

MIN_NOTES = 3

SHORT_NOTE_LENGTH = 160


def describe_last_round(history: SearchHistory) -> list[SectionForm]:
    """Describe the candidates of the last round: in full, without excerpts, or one line each."""
    candidates = history.last_round
    if not candidates:
        return [SectionForm("")]
    full = "\n\n".join(
        _format_candidate(history, candidate, excerpts=True) for candidate in candidates
    )
    plain = "\n\n".join(
        _format_candidate(history, candidate, excerpts=False) for candidate in candidates
    )
    lines = "\n".join(_format_line(history, candidate) for candidate in candidates)
    excerpts = SectionForm(
        render_template("last", candidates=plain), "excerpts of programs with errors"
    )
    return [
        SectionForm(render_template("last", candidates=full)),
        *([excerpts] if plain != full else []),
        SectionForm(render_template("last", candidates=lines), "the details of the last round"),
        SectionForm("", "the last round"),
    ]


def describe_earlier_rounds(history: SearchHistory) -> list[SectionForm]:
    """Describe the candidates of earlier rounds, latest first, one line each."""
    candidates = [
        candidate for candidate in reversed(history.candidates) if candidate.round != history.last
    ]
    return _list_candidates("tried", candidates, lambda candidate: _format_line(history, candidate))


def describe_decisions(decisions: Sequence[Decision]) -> list[SectionForm]:
    """Format reviewers' notes: in full, shortened, or only the latest."""
    noted = [decision for decision in decisions if decision.note.strip() or not decision.approved]
    if not noted:
        return [SectionForm("")]
    longest = max(len(decision.note) for decision in noted)
    omitted = len(noted) - MIN_NOTES
    short = "the ends of long notes" if longest > SHORT_NOTE_LENGTH else ""
    few = f"{format_count(omitted, 'earlier note')} from reviewers" if omitted > 0 else short
    return [
        SectionForm(
            render_template("people", lines=_format_notes(noted, NOTE_LENGTH)),
            short if longest > NOTE_LENGTH else "",
        ),
        SectionForm(
            render_template("people", lines=_format_notes(noted, SHORT_NOTE_LENGTH)), short
        ),
        SectionForm(
            render_template("people", lines=_format_notes(noted[:MIN_NOTES], SHORT_NOTE_LENGTH)),
            few,
        ),
        SectionForm("", "the notes from reviewers"),
    ]


def format_note(decision: Decision) -> str:
    """Format a reviewer's decision and note on one line."""
    return _format_note(decision, NOTE_LENGTH)


def list_objectives(history: SearchHistory) -> list[SectionForm]:
    """List one objective value for each candidate, latest first."""
    return _list_candidates("scalar", [*reversed(history.candidates)], _format_objective)


def _list_candidates(
    template: str,
    candidates: Sequence[ReviewedCandidate],
    format_line: Callable[[ReviewedCandidate], str],
) -> list[SectionForm]:
    """Render one line for each of the first candidates that fit."""
    if not candidates:
        return [SectionForm("")]
    lines = [format_line(candidate) for candidate in candidates[: CANDIDATE_COUNTS[0]]]
    levels = []
    for most in CANDIDATE_COUNTS:
        omitted = len(candidates) - most
        left_out = format_count(omitted, "earlier candidate") if omitted > 0 else ""
        levels.append(
            SectionForm(render_template(template, lines="\n".join(lines[:most])), left_out)
        )
    return [*levels, SectionForm("", format_count(len(candidates), "earlier candidate"))]


def _format_objective(candidate: ReviewedCandidate) -> str:
    objective = candidate.review.objective
    return f"- `{candidate.name}`: {'-' if objective is None else f'{objective:.2f}'}"


def _format_notes(decisions: Sequence[Decision], most: int) -> str:
    return "\n".join(f"- {_format_note(decision, most)}" for decision in decisions)


def _format_note(decision: Decision, most: int) -> str:
    verb = "approved" if decision.approved else "rejected"
    reason = truncate_line(decision.note, most) or "without a note"
    return f"`{decision.candidate}` was {verb}: {reason}"


def _format_candidate(
    history: SearchHistory, candidate: ReviewedCandidate, *, excerpts: bool
) -> str:
    draft, review = candidate.draft, candidate.review
    lines = [
        (
            f"**`{candidate.name}`**, {_describe_origin(candidate)}:"
            f" {_describe_verdict(candidate)}.{_describe_figures(candidate)}"
        )
    ]
    changes = _describe_changes(history, candidate)
    if changes:
        lines.append(f"- Against `{draft.proposal.parents[0]}`: {changes}.")
    if draft.proposal.words:
        lines.append(
            f"- Proposer's rationale: {truncate_line(draft.proposal.words, RATIONALE_LENGTH)}"
        )
    if review.verdict is not ReviewVerdict.UNSOUND:
        lines += [f"- {reason[:1].upper()}{reason[1:]}." for reason in _list_reasons(review)]
        return "\n".join(lines)
    lines.append(_format_errors(draft.diagnostics, excerpts=excerpts))
    return "\n".join(lines)


def _list_reasons(review: Review) -> list[str]:
    """Explain a rejection whose figures do not show the reason; a loss needs none."""
    lost = (
        review.verdict is ReviewVerdict.KEPT and review.gain is not None and review.gain.value <= 0
    )
    return [] if lost else review.reasons


def _format_line(history: SearchHistory, candidate: ReviewedCandidate) -> str:
    draft, gain = candidate.draft, candidate.review.gain
    rationale = truncate_line(draft.proposal.words, SHORT_RATIONALE_LENGTH)
    changes = (
        ""
        if rationale
        else truncate_line(_describe_changes(history, candidate), SHORT_RATIONALE_LENGTH)
    )
    figures = f", {describe_gain(gain)}" if gain is not None else ""
    reason = _explain_failure(candidate)
    parts = [
        (
            f"`{candidate.name}`, {_describe_origin(candidate)}:"
            f" {_describe_verdict(candidate)}{figures}"
        ),
        reason,
        rationale or changes,
    ]
    return "- " + "; ".join(part for part in parts if part)


def _explain_failure(candidate: ReviewedCandidate) -> str:
    """Explain a failure in a few words when the gain does not show it."""
    if candidate.review.verdict is ReviewVerdict.UNSOUND:
        heads = re.findall(r"^error\[.*$", candidate.draft.diagnostics, re.MULTILINE)
        return "; ".join(heads)
    return "; ".join(candidate.review.reasons)


def _describe_origin(candidate: ReviewedCandidate) -> str:
    parents = ", ".join(f"`{parent}`" for parent in candidate.draft.proposal.parents)
    tuned = f", with {', '.join(candidate.draft.tuned)} fitted" if candidate.draft.tuned else ""
    return f"by {candidate.draft.proposer}{f' from {parents}' if parents else ''}{tuned}"


def _describe_verdict(candidate: ReviewedCandidate) -> str:
    if candidate.rejected:
        return "rejected by a reviewer"
    match candidate.review.verdict:
        case ReviewVerdict.BEST:
            return "the best at the time"
        case ReviewVerdict.KEPT:
            return "kept in the archive, without a significant gain"
        case ReviewVerdict.REFUSED:
            return "refused"
        case _:
            return f"has errors after {format_count(candidate.draft.tries, 'try')}"


def _describe_figures(candidate: ReviewedCandidate) -> str:
    review = candidate.review
    if review.objective is None or review.gain is None:
        return ""
    text = f" Worth {review.objective:.2f}; it gains {describe_gain(review.gain)}"
    if review.unseen_gain is not None:
        text += f", {review.unseen_gain.value:+.2f} on the part that its round withheld"
    return f"{text}."


def _describe_changes(history: SearchHistory, candidate: ReviewedCandidate) -> str:
    parents = candidate.draft.proposal.parents
    source = _find_source(history, parents[0]) if parents else None
    if source is None or candidate.review.verdict is ReviewVerdict.UNSOUND:
        return ""
    proposal = candidate.draft.proposal
    return diff_programs(source, proposal.source, language=proposal.language).summary


def _find_source(history: SearchHistory, name: str) -> str | None:
    candidate = history.find_candidate(name)
    if candidate is not None:
        return candidate.draft.proposal.source
    return library.load_source(name).text if name in library.NAMES else None


def _format_errors(diagnostics: str, *, excerpts: bool) -> str:
    """Extract the first errors; each runs to the next message."""
    blocks = re.split(r"\n\n(?=(?:error|warning)\[)", diagnostics.strip())
    errors = [block for block in blocks if block.startswith("error[")] or blocks
    if not excerpts:
        heads = "\n".join(
            f"- {truncate_line(error.splitlines()[0], RATIONALE_LENGTH)}"
            for error in errors[:MAX_ERRORS]
        )
        return f"{heads}{_count_omitted(len(errors) - MAX_ERRORS)}"
    excerpts_text = "\n\n".join(
        "\n".join(error.splitlines()[:EXCERPT_LINES]) for error in errors[:MAX_ERRORS]
    )
    return f"\n```text\n{excerpts_text}\n```{_count_omitted(len(errors) - MAX_ERRORS)}"


def _count_omitted(count: int) -> str:
    return f"\n\nAnd {format_count(count, 'error')} more." if count > 0 else ""
