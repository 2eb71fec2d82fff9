"""Write a constraint as a grammar in GBNF, llama.cpp's notation, for the same replies as in vLLM.

A regular expression becomes a finite automaton first, and each of its states a rule. So at every
character at most one alternative applies: llama.cpp follows all that may, which takes exponential
time in grammars that are ambiguous.
"""

import re
from collections.abc import Iterable, Mapping

from interegular import InvalidSyntax, Unsupported
from interegular.fsm import FSM, State, TransitionKey, anything_else
from interegular.patterns import REFlags, parse_pattern

from store.serving.requests import Structured

MOST_STATES = 4096
"""States of the largest automaton that is sent."""

_UNESCAPED_END = re.compile(r"(?<!\\)(?:\\\\)*\$\Z")


class UnsupportedConstraint(Exception):
    """A constraint that no grammar can be written for; the message gives the reason."""


def write_grammar(constraint: Structured) -> str:
    """Return the grammar whose texts are the replies that a constraint admits.

    Raises:
        UnsupportedConstraint: the regular expression has a construct that is not regular, such as
            a back-reference, or matches nothing.
    """
    if constraint.choice is not None:
        return "root ::= " + " | ".join(map(_literal, constraint.choice))
    return _write_rules(_automaton(constraint.regex or ""))


def _automaton(expression: str) -> FSM:
    """Return the smallest automaton of an expression, which is compared with the whole reply.

    A dot matches line breaks, as `store.serving.constraints.compile_pattern` reads it.
    """
    try:
        pattern = parse_pattern(_strip_anchors(expression))
        automaton: FSM = pattern.to_fsm(prefix_postfix=(0, 0), flags=REFlags.SINGLE_LINE).reduce()
    except (InvalidSyntax, Unsupported) as error:
        reason = " ".join(str(error).split()).split(" (Context")[0]
        raise UnsupportedConstraint(f"{expression!r} cannot be a grammar: {reason}") from error
    if automaton.empty():
        raise UnsupportedConstraint(f"{expression!r} matches nothing")
    if len(automaton.states) > MOST_STATES:
        raise UnsupportedConstraint(
            f"{expression!r} needs {len(automaton.states):,} states; at most {MOST_STATES:,} are"
            " sent"
        )
    return automaton


def _strip_anchors(expression: str) -> str:
    """Remove the anchors at both ends: the whole reply is compared in any case."""
    if _UNESCAPED_END.search(expression):
        expression = expression[:-1]
    return expression.removeprefix("^")


def _write_rules(automaton: FSM) -> str:
    """Return a rule for each state: a character and the next state, or the end."""
    lines = []
    for state in sorted(automaton.states, key=lambda state: (state != automaton.initial, state)):
        if not automaton.islive(state):
            continue
        alternatives = [
            f"{_character_class(automaton, keys)} {_rule(automaton, following)}"
            for following, keys in sorted(_successors(automaton, state).items())
            if automaton.islive(following)
        ]
        if state in automaton.finals:
            alternatives.append('""')
        lines.append(f"{_rule(automaton, state)} ::= {' | '.join(alternatives)}")
    return "\n".join(lines)


def _rule(automaton: FSM, state: State) -> str:
    return "root" if state == automaton.initial else f"s{state}"


def _successors(automaton: FSM, state: State) -> dict[State, list[TransitionKey]]:
    """Return the classes of characters that lead from a state, by the state that they lead to."""
    successors: dict[State, list[TransitionKey]] = {}
    moves: Mapping[TransitionKey, State] = automaton.map.get(state, {})
    for key, following in moves.items():
        successors.setdefault(following, []).append(key)
    return successors


def _character_class(automaton: FSM, keys: Iterable[TransitionKey]) -> str:
    """Return a set of characters in brackets; one with all others is written as what it lacks."""
    by_class = automaton.alphabet.by_transition
    named = {letter for key in keys for letter in by_class[key] if letter is not anything_else}
    has_others = any(anything_else in by_class[key] for key in keys)
    if has_others:
        listed = {letter for letters in by_class.values() for letter in letters}
        left_out = listed - named - {anything_else}
        # GBNF has no empty set: nothing is left out where no text can hold U+0000.
        return f"[^{_ranges(left_out) or _escape(0)}]"
    return f"[{_ranges(named)}]"


def _ranges(letters: Iterable[str]) -> str:
    """Return characters as ranges of code points."""
    runs: list[list[int]] = []
    for point in sorted(map(ord, letters)):
        if runs and point == runs[-1][1] + 1:
            runs[-1][1] = point
        else:
            runs.append([point, point])
    return "".join(
        _escape(first) if first == last else f"{_escape(first)}-{_escape(last)}"
        for first, last in runs
    )


def _literal(text: str) -> str:
    return f'"{"".join(map(_escape, map(ord, text)))}"'


def _escape(point: int) -> str:
    """Return a code point as GBNF reads it anywhere: letters and digits as they are."""
    letter = chr(point)
    if letter.isascii() and letter.isalnum():
        return letter
    if point < 0x100:
        return f"\\x{point:02X}"
    return f"\\u{point:04X}" if point < 0x10000 else f"\\U{point:08X}"
