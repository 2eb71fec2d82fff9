"""A trace as the corpus writes it: one line for each barrier."""

from collections.abc import Sequence

from dsl.episode import Advance, Answer, AnyVerb, Open, Probe, Prune, Sample
from harness.mdp.ledger import Action, ActionKind, BarrierRecord

_LETTERS = {
    ActionKind.BRANCH: "B",
    ActionKind.CONTINUE: "C",
    ActionKind.PROBE: "P",
    ActionKind.READ: "R",
}


def written(trace: Sequence[BarrierRecord]) -> list[str]:
    """The lines of a trace."""
    return [_barrier(barrier) for barrier in trace]


def word(verb: AnyVerb) -> str:
    """The word of the language that a verb comes from."""
    if isinstance(verb, Advance) and not verb.look:
        return "extend"
    return type(verb).__name__.lower()


def _barrier(barrier: BarrierRecord) -> str:
    line = f"{word(barrier.verb)} {_arguments(barrier.verb)}"
    if barrier.verb.because is not None:
        line += f' because "{barrier.verb.because}"'
    if barrier.exhausted:
        line += f" ran out after {' '.join(map(_action, barrier.actions))}"
    return line


def _arguments(verb: AnyVerb) -> str:
    match verb:
        case Open(count=count, look=look):
            return f"{count}" if look else f"{count} unseen"
        case Sample(count=count):
            return f"{count}"
        case Advance(branches=branches, bursts=bursts):
            pairs = zip(branches, bursts, strict=True)
            return " ".join(f"{b}" if burst == 1 else f"{b}:{burst}" for b, burst in pairs)
        case Probe(branches=branches) | Prune(branches=branches):
            return " ".join(map(str, branches))
        case Answer(answer=answer):
            return "none" if answer is None else f'"{answer}"'


def _action(action: Action) -> str:
    return f"{_LETTERS[action.kind]}{action.branch}"
