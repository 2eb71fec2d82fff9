"""Test sentences of the language reference with programs that answer "yes" if they are true.

A sentence must occur on the page word for word, so neither can change without the other.
"""

from typing import NamedTuple

import pytest

from harness.mdp.playback import play_episode
from harness.mdp.replay import Replay
from tests.docs.language_page import DOCS, interpreter, recording

PAGE = (DOCS / "language.md").read_text(encoding="utf-8")
DECK = recording(PAGE)


class Sentence(NamedTuple):
    """A sentence, and a program that checks it over the recording of the page."""

    words: str
    sections: str
    fact: str
    """True in `finally`."""
    budget: int | None = None
    probe_cost: int = 0


SENTENCES = [
    Sentence(
        "`steps` is 0 in `start` and in the first step, and rises by 1 after each step that came to"
        " its end.",
        "memory { before = -1 seen = 0 }"
        " start { before = steps open 1 }"
        " step { seen = 10 * seen + steps if steps == 2 { stop } }",
        "before == 0 and seen == 12 and steps == 2",
    ),
    Sentence(
        "A step that does nothing is allowed; if a branch is active, the loop continues.",
        "start { open 1 } step at most 7 { if steps == 5 { advance active } }",
        "steps == 7 and sum(.depth of opened) == 2",
    ),
    Sentence(
        "No condition is checked before the first step: it always runs, if the cap allows.",
        "memory { ran = 0 } step { ran = ran + 1 }",
        "ran == 1 and steps == 1",
    ),
    Sentence(
        "With a cap of 0 or less, no step is made.",
        "memory { ran = 0 } start { open 1 } step at most -1 { ran = 1 }",
        "ran == 0",
    ),
    Sentence(
        "the same, and memory cells (their first values)",
        "memory { cell = 3 } each branch { .first = cell } start { cell = 4 open 1 }",
        "sum(.first of opened) == 3",
    ),
    Sentence(
        "the same (memory cells as `start` left them)",
        "memory { cap = 1 } start { cap = 3 open 1 } step at most cap { advance active }",
        "steps == 3",
    ),
    Sentence(
        "The rest of the block is not run and the step does not count in `steps`.",
        "memory { rest = 0 } start { open 1 } step { advance active if steps == 1 { stop } rest = 1"
        " + rest }",
        "rest == 1 and steps == 1",
    ),
    Sentence(
        "after `let old = active` and `advance old`, `mean(.depth of old)` sees the new depths, and"
        " `count(old where .finished)` counts those that have finished since",
        "memory { mean_depth = 0.0 gone = 0 }"
        " start { open 6 let old = active advance old"
        " mean_depth = mean(.depth of old) gone = count(old where .finished) }",
        "mean_depth == 2 and gone == 1",
    ),
    Sentence(
        "`.age` is 0 in the step in which the branch was opened, and for one opened in `start` also"
        " in the first step.",
        "memory { ages = 0 } start { open 1 }"
        " step at most 3 { if steps == 1 { open 1 } ages = 100 * ages + 10 * max(.age of opened)"
        " + min(.age of opened) }",
        "ages == 1021",
    ),
    Sentence(
        "A pruned branch keeps its state.",
        "start { open 6 advance active prune active where .index == 3 advance active }",
        'sum(.depth of pruned) == 2 and winner(pruned) == "7" and max(.streak of pruned) == 1'
        " and sum(.tokens of pruned) == 1000",
    ),
    Sentence(
        "A branch from `sample` has been revealed once: `.streak` 0, `.changes` 0, `.depth` as"
        " though it had been advanced to its end, `.tokens` its length.",
        "start { sample 1 }",
        "sum(.streak of opened) == 0 and sum(.changes of opened) == 0"
        " and sum(.depth of opened) == 5 and sum(.tokens of opened) == 2300"
        " and empty(opened where not .seen)",
    ),
    Sentence(
        "The cost of probes is not included.",
        "start { open 2 advance active }",
        "sum(.tokens of opened) == 2000 and spent == 2040",
        probe_cost=10,
    ),
    Sentence(
        "`extend` by 3 and then `probe` is one probe.",
        "start { open 1 extend active for 3 probe active }",
        'winner(opened) == "12" and sum(.streak of opened) == 0 and sum(.changes of opened) == 1',
    ),
    Sentence(
        "A verb without any branch left does nothing, costs nothing and cannot run out of budget.",
        "memory { reached = false }"
        " start { open 2 advance finished probe active extend active for 0 open -1 open 0"
        " reached = true }",
        "reached and spent == 1000",
        budget=1000,
    ),
    Sentence(
        "k is computed for each active branch of S, in set order, before any of them moves",
        "start { open 6 advance active for 1 + count(active where .depth > 1) }",
        "max(.depth of opened) == 2",
    ),
    Sentence(
        "The first action that is not affordable ends the verb. Earlier actions remain done,"
        " and control goes to `finally`.",
        "memory { reached = false } start { open 2 advance active for 2 reached = true }",
        "not reached and spent == 2500 and max(.depth of opened where .index == 0) == 3"
        " and max(.depth of opened where .index == 1) == 2",
        budget=2500,
    ),
    Sentence(
        "Each chain of a `sample` needs `spent < budget`, and may overshoot.",
        "start { sample 3 }",
        "spent == 3400 and count(opened) == 2",
        budget=2301,
    ),
    Sentence(
        "`let x = open n` then holds the branches that were actually opened, in opening order",
        "memory { some = 0 last = 0 }"
        " start { open 4 let fresh = open 5 some = count(fresh) let none_left = open 1"
        " last = count(none_left) }",
        "some == 2 and last == 0",
    ),
    Sentence(
        "Each right-hand side sees what was assigned before it, to this branch and to the earlier"
        " branches of S.",
        "each branch { .place = -1 } start { open 6 update opened by -.index"
        " { .place = max(.place of opened) + 1 } }",
        "sum(.place * .index of opened) == 20",
    ),
    Sentence(
        "so a field `.calm` and a cell `calm` may both exist, as in `calm = max(.calm of active)`",
        "memory { calm = 0 } each branch { .calm = 3 }"
        " start { open 1 calm = max(.calm of active) }",
        "calm == 3 and sum(.calm of opened) == 3",
    ),
    Sentence(
        "and `weight` is a name like any other",
        "knobs { weight = 2 in 1..9 } start { open 3 }",
        "votes(opened, weight = weight) == 2 * votes(opened)",
    ),
    Sentence(
        "`.answer` is `none` before the first reveal, and never after",
        "memory { before = 0 } start { open 6 unseen extend active"
        " before = count(active where .answer == none) probe active }",
        "before == 5 and empty(opened where .answer == none)",
    ),
    Sentence(
        "while no branch has finished, `.answer == winner(finished)` is true for every branch"
        " that was never revealed",
        "memory { same = 0 } start { open 3 unseen open 1"
        " same = count(active where .answer == winner(finished)) }",
        "same == 3",
    ),
    Sentence(
        "every function of this table excludes them, while `count(S)` counts them",
        "start { open 2 unseen open 1 }",
        "count(opened) == 3 and distinct(opened) == 1 and share(opened) == 1 and votes(opened) == 1"
        " and entropy(opened) == 0 and margin(opened) == 1 and confidence(opened) == 0.75",
    ),
    Sentence(
        "So `advance active by -.streak` also decides the order in `finished` of the branches"
        " that it finishes.",
        "start { open 6 advance active by -.index for 2 }",
        "max(.index of first 1 of finished) == 5 and min(.index of first 2 of finished) == 2"
        " and count(finished) == 3",
    ),
    Sentence(
        "`advance active by -.streak for 2` is `advance (active by -.streak) for 2`",
        "start { open 4 advance active where .index == 0 by -.streak for 2"
        " advance (active where .index == 3 by -.streak) for 2 }",
        "sum(.depth of opened where .index == 0) == 3"
        " and sum(.depth of opened where .index == 3) == 3",
    ),
    Sentence(
        "An action that finishes a branch reveals its final answer and charges no κ, also in"
        " `extend` and `open … unseen`.",
        "start { open 1 unseen extend active for 9 }",
        'winner(opened) == "12" and spent == 2300 and empty(opened where not .seen)',
        probe_cost=10,
    ),
    Sentence(
        "The three are charged one by one, in opening order. If the budget ends among them, the"
        " rest is not opened and control goes to `finally`, also from `start`.",
        "memory { reached = false } start { let whole = sample 3 reached = count(whole) > 0 }",
        "not reached and count(finished) == 2 and spent == 3400",
        budget=3000,
    ),
    Sentence(
        "A draw that is skipped, by `and` or by an `if`, is not counted.",
        "memory { one = 0.0 }"
        " start { open 1 one = if true or chance(0.5) then draw_beta(1, 1) else 0 }",
        "one > 0.13870941014555 and one < 0.13870941014556",
    ),
]


@pytest.mark.parametrize("sentence", SENTENCES, ids=lambda sentence: sentence.words[:60])
def test_a_sentence_of_the_reference_is_there_and_is_true(sentence: Sentence) -> None:
    assert sentence.words in PAGE
    text = (
        f"controller sentence {{ {sentence.sections}"
        f' finally {{ if {sentence.fact} {{ answer "yes" }} else {{ answer "no" }} }} }}'
    )
    replay = Replay(DECK, seed=0, budget=sentence.budget, probe_cost=sentence.probe_cost)
    assert play_episode(interpreter(text), replay).answer == "yes"
