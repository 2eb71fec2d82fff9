"""Variation of what is answered, and of what there is to fall back on."""

from agents.variation.draft import Draft, Variant, shown
from agents.variation.rewriting import (
    NOWHERE,
    copied,
    replaced,
)
from agents.variation.survey import Env
from dsl import tree


def answer(draft: Draft) -> Variant | None:
    """Answers something else, or has something else to fall back on."""
    spots = draft.spots(lambda s: isinstance(s.statement, tree.Answer))
    spot = draft.one(spots)
    if spot is None:
        return None
    old = spot.statement
    assert isinstance(old, tree.Answer)
    new = draft.writer.write("LEADER", Env(spot.env.part, False, spot.env.lets))
    choices = [copied(each) for each in old.choices]
    at = draft.random.randrange(len(choices))
    if draft.random.random() < 0.5:
        words = f"answers {shown(new)} in place of {shown(choices[at])}"
        choices[at] = new
        if at == len(choices) - 1:
            choices.append(copied(old.choices[-1]))
    else:
        words = f"answers {shown(new)} before {shown(choices[at])}"
        choices.insert(at, new)
    changed = tree.Answer(NOWHERE, tuple(choices), old.because)
    return draft.done("answer", words, replaced(draft.program, {old: changed}))


def drop_answer(draft: Draft) -> Variant | None:
    """Does without one of the answers to fall back on."""
    spots = draft.spots(
        lambda s: isinstance(s.statement, tree.Answer) and len(s.statement.choices) > 1
    )
    spot = draft.one(spots)
    if spot is None:
        return None
    old = spot.statement
    assert isinstance(old, tree.Answer)
    choices = list(old.choices)
    gone = choices.pop(draft.random.randrange(len(choices) - 1))
    changed = tree.Answer(NOWHERE, tuple(choices), old.because)
    words = f"no longer answers {shown(gone)} first"
    return draft.done("answer", words, replaced(draft.program, {old: changed}))
