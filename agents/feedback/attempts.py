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

WORDS = 200
"""Maximum characters of a proposer's rationale, for a candidate of the last round."""

FEW_WORDS = 80
"""Maximum characters of a proposer's rationale, for a candidate of an earlier round."""

ERRORS = 2
"""Errors of a program that are shown in full; one error often causes the others."""

EXCERPT = 12
"""Lines of an error that are shown."""

TRIED = (40, 15, 5)
"""Candidates of earlier rounds that are listed, in the long form and in the short one."""

NOTE = 600
"""Maximum characters of a reviewer's note."""

FEW_NOTES = 3

SHORT_NOTE = 160


def describe_last_round(past: SearchHistory) -> list[SectionForm]:
    """Describe the candidates of the last round: in full, without excerpts, or one line each."""
    tried = past.last_round
    if not tried:
        return [SectionForm("")]
    whole = "\n\n".join(_whole(past, each, excerpts=True) for each in tried)
    plain = "\n\n".join(_whole(past, each, excerpts=False) for each in tried)
    lines = "\n".join(_line(past, each) for each in tried)
    excerpts = SectionForm(
        render_template("last", candidates=plain), "excerpts of programs that do not check"
    )
    return [
        SectionForm(render_template("last", candidates=whole)),
        *([excerpts] if plain != whole else []),
        SectionForm(render_template("last", candidates=lines), "the details of the last round"),
        SectionForm("", "the last round"),
    ]


def describe_earlier_rounds(past: SearchHistory) -> list[SectionForm]:
    """Describe the candidates of earlier rounds, latest first, one line each."""
    tried = [each for each in reversed(past.tried) if each.round != past.last]
    return _listed("tried", tried, lambda each: _line(past, each))


def describe_decisions(said: Sequence[Decision]) -> list[SectionForm]:
    """Format reviewers' notes: in full, shortened, or only the latest."""
    noted = [each for each in said if each.note.strip() or not each.approved]
    if not noted:
        return [SectionForm("")]
    longest = max(len(each.note) for each in noted)
    rest = len(noted) - FEW_NOTES
    short = "the ends of long notes" if longest > SHORT_NOTE else ""
    few = f"{format_count(rest, 'earlier note')} from reviewers" if rest > 0 else short
    return [
        SectionForm(
            render_template("people", lines=_notes(noted, NOTE)), short if longest > NOTE else ""
        ),
        SectionForm(render_template("people", lines=_notes(noted, SHORT_NOTE)), short),
        SectionForm(render_template("people", lines=_notes(noted[:FEW_NOTES], SHORT_NOTE)), few),
        SectionForm("", "the notes from reviewers"),
    ]


def format_note(decision: Decision) -> str:
    """Format a reviewer's decision and note on one line."""
    return _note(decision, NOTE)


def list_objectives(past: SearchHistory) -> list[SectionForm]:
    """List one objective value for each candidate, latest first."""
    return _listed("scalar", [*reversed(past.tried)], _value)


def _listed(
    template: str, tried: Sequence[ReviewedCandidate], line: Callable[[ReviewedCandidate], str]
) -> list[SectionForm]:
    """Render one line for each of the first candidates that fit."""
    if not tried:
        return [SectionForm("")]
    lines = [line(each) for each in tried[: TRIED[0]]]
    levels = []
    for most in TRIED:
        rest = len(tried) - most
        left_out = format_count(rest, "earlier candidate") if rest > 0 else ""
        levels.append(
            SectionForm(render_template(template, lines="\n".join(lines[:most])), left_out)
        )
    return [*levels, SectionForm("", format_count(len(tried), "earlier candidate"))]


def _value(tried: ReviewedCandidate) -> str:
    objective = tried.review.objective
    return f"- `{tried.name}`: {'-' if objective is None else f'{objective:.2f}'}"


def _notes(said: Sequence[Decision], most: int) -> str:
    return "\n".join(f"- {_note(each, most)}" for each in said)


def _note(decision: Decision, most: int) -> str:
    verb = "approved" if decision.approved else "rejected"
    words = truncate_line(decision.note, most) or "without a note"
    return f"`{decision.candidate}` was {verb}: {words}"


def _whole(past: SearchHistory, tried: ReviewedCandidate, *, excerpts: bool) -> str:
    draft, review = tried.draft, tried.review
    lines = [f"**`{tried.name}`**, {_origin(tried)}: {_verdict(tried)}.{_figures(tried)}"]
    changed = _changed(past, tried)
    if changed:
        lines.append(f"- Against `{draft.proposal.parents[0]}`: {changed}.")
    if draft.proposal.words:
        lines.append(f"- Proposer's rationale: {truncate_line(draft.proposal.words, WORDS)}")
    if review.verdict is not ReviewVerdict.UNSOUND:
        lines += [f"- {reason[:1].upper()}{reason[1:]}." for reason in _reasons(review)]
        return "\n".join(lines)
    lines.append(_errors(draft.diagnostics, excerpts=excerpts))
    return "\n".join(lines)


def _reasons(review: Review) -> list[str]:
    """Explain a rejection whose figures do not show the reason; a loss needs none."""
    lost = (
        review.verdict is ReviewVerdict.KEPT and review.gain is not None and review.gain.value <= 0
    )
    return [] if lost else review.reasons


def _line(past: SearchHistory, tried: ReviewedCandidate) -> str:
    draft, found = tried.draft, tried.review.gain
    says = truncate_line(draft.proposal.words, FEW_WORDS)
    changed = "" if says else truncate_line(_changed(past, tried), FEW_WORDS)
    worth = f", {describe_gain(found)}" if found is not None else ""
    why = _why(tried)
    parts = [f"`{tried.name}`, {_origin(tried)}: {_verdict(tried)}{worth}", why, says or changed]
    return "- " + "; ".join(part for part in parts if part)


def _why(tried: ReviewedCandidate) -> str:
    """Explain a failure in a few words when the gain does not show it."""
    if tried.review.verdict is ReviewVerdict.UNSOUND:
        heads = re.findall(r"^error\[.*$", tried.draft.diagnostics, re.MULTILINE)
        return "; ".join(heads)
    return "; ".join(tried.review.reasons)


def _origin(tried: ReviewedCandidate) -> str:
    parents = ", ".join(f"`{each}`" for each in tried.draft.proposal.parents)
    tuned = f", with {', '.join(tried.draft.tuned)} fitted" if tried.draft.tuned else ""
    return f"by {tried.draft.proposer}{f' from {parents}' if parents else ''}{tuned}"


def _verdict(tried: ReviewedCandidate) -> str:
    if tried.rejected:
        return "rejected by a reviewer"
    match tried.review.verdict:
        case ReviewVerdict.BEST:
            return "the best at the time"
        case ReviewVerdict.KEPT:
            return "kept in the archive, without a significant gain"
        case ReviewVerdict.REFUSED:
            return "refused"
        case _:
            return f"does not check after {format_count(tried.draft.tries, 'try')}"


def _figures(tried: ReviewedCandidate) -> str:
    review = tried.review
    if review.objective is None or review.gain is None:
        return ""
    told = f" Worth {review.objective:.2f}; it gains {describe_gain(review.gain)}"
    if review.unseen_gain is not None:
        told += f", {review.unseen_gain.value:+.2f} on the part that its round withheld"
    return f"{told}."


def _changed(past: SearchHistory, tried: ReviewedCandidate) -> str:
    parents = tried.draft.proposal.parents
    source = _source(past, parents[0]) if parents else None
    if source is None or tried.review.verdict is ReviewVerdict.UNSOUND:
        return ""
    proposal = tried.draft.proposal
    return diff_programs(source, proposal.source, language=proposal.language).summary


def _source(past: SearchHistory, name: str) -> str | None:
    found = past.named(name)
    if found is not None:
        return found.draft.proposal.source
    return library.load_source(name).text if name in library.NAMES else None


def _errors(diagnostics: str, *, excerpts: bool) -> str:
    """Extract the first errors; each runs to the next message."""
    blocks = re.split(r"\n\n(?=(?:error|warning)\[)", diagnostics.strip())
    errors = [each for each in blocks if each.startswith("error[")] or blocks
    if not excerpts:
        heads = "\n".join(
            f"- {truncate_line(each.splitlines()[0], WORDS)}" for each in errors[:ERRORS]
        )
        return f"{heads}{_more(len(errors) - ERRORS)}"
    shown = "\n\n".join("\n".join(each.splitlines()[:EXCERPT]) for each in errors[:ERRORS])
    return f"\n```text\n{shown}\n```{_more(len(errors) - ERRORS)}"


def _more(count: int) -> str:
    return f"\n\nAnd {format_count(count, 'error')} more." if count > 0 else ""
