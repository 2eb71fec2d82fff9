"""What a run of trials came to, on a terminal."""

from agents.allocation.held_out_page import held_out_sentences, judged_sheet
from agents.allocation.told import AllocationResult, HeldOutTold, StageGiven, amount
from agents.report.sheets import laid_out
from agents.run.wording import several
from harness.escaping import escape_line


def summary(found: AllocationResult) -> str:
    """The result on a terminal."""
    head = escape_line(
        f"{found.pipeline} ({found.environment}): {several(len(found.trials), 'trial')} of"
        f" {found.space:,} allocations within a budget of {found.budget:g}"
    )
    lines = [head]
    if found.best is None:
        lines.append("nothing was selected")
    else:
        best = found.best
        lines.append(
            f"best: {100 * best.score:.2f} % for {best.cost:.4g}, found in trial {best.trial}"
        )
        lines += [f"  {line}" for line in _stages(best.stages)]
    if found.optimum is not None:
        lines.append(
            f"the best there is: {100 * found.optimum.score:.2f} % for {found.optimum.cost:.4g}"
        )
    if found.held_out is not None:
        lines += _held_out(found.held_out)
    if found.guidelines:
        lines += ["guidelines:", *(f"  {escape_line(each)}" for each in found.guidelines)]
    return "\n".join(lines)


def _held_out(told: HeldOutTold) -> list[str]:
    shut = f"held out: {several(told.questions, 'question')}, which rheostat report alone opens"
    if told.search is None or told.unseen is None:
        return [shut]
    return [
        "on the questions of the search, and on those held out:",
        *(f"  {line}" for line in laid_out(judged_sheet(told.search, told.unseen)).splitlines()),
        *held_out_sentences(told),
    ]


def _stages(stages: list[StageGiven]) -> list[str]:
    names = [escape_line(each.stage) for each in stages]
    width = max(map(len, names))
    return [
        f"{name:{width}}  {escape_line(amount(each))}, costs {each.cost:.4g}"
        for name, each in zip(names, stages, strict=True)
    ]
