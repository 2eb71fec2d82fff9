"""Well-typed programs at random, over every construct of the language."""

from random import Random

from hypothesis import strategies as st

from dsl.types import Type
from tests.dsl.typed_expressions import (
    ANSWER,
    BRANCHES,
    FIRST_VALUES,
    INTEGER,
    NEEDS,
    REAL,
    RUNNING,
    SCALARS,
    TRUTH,
    ExpressionWriter,
    Scope,
)


class ProgramWriter(ExpressionWriter):
    """Writes one program: its statements and its sections."""

    def block(self, scope: Scope, depth: int, most: int = 4) -> str:
        """The text of a block."""
        inner = scope.inner()
        lines = [self._statement(inner, depth) for _ in range(self._pick(most + 1))]
        return "{\n" + "\n".join(lines) + "\n}"

    def _statement(self, scope: Scope, depth: int) -> str:
        forms = [self._let]
        if scope.updating:
            forms += [self._set_field, self._set_field]
        else:
            forms += [self._assign, self._push, self._update]
        if scope.section != "finally" and not scope.updating:
            forms += [self._new, self._new, self._advance, self._advance, self._advance, self._act]
        if depth > 0:
            forms += [lambda scope: self._if(scope, depth)]
        return self._one(forms)(scope)

    def _let(self, scope: Scope) -> str:
        self._names += 1
        name = f"l{self._names}"
        if scope.section != "finally" and not scope.updating and self._pick(4) == 0:
            text, kind = self._new(scope).partition(" because ")[0], BRANCHES
        else:
            kind = self._one([*SCALARS, BRANCHES, BRANCHES])
            text = self.expression(kind, scope, dotted=scope.updating)
        scope.lets.append((name, kind))
        return f"let {name} = {text}"

    def _set_field(self, scope: Scope) -> str:
        kind = self._one(SCALARS)
        field = {INTEGER: ".fi", REAL: ".fr", TRUTH: ".ft", ANSWER: ".fa"}[kind]
        return f"{field} = {self._stored(kind, scope)}"

    def _assign(self, scope: Scope) -> str:
        kind = self._one(SCALARS)
        cell = {INTEGER: "mi", REAL: "mr", TRUTH: "mt", ANSWER: "ma"}[kind]
        return f"{cell} = {self._stored(kind, scope)}"

    def _stored(self, kind: Type, scope: Scope) -> str:
        given = self._one([INTEGER, REAL]) if kind is REAL else kind
        return self.expression(given, scope, dotted=scope.updating)

    def _push(self, scope: Scope) -> str:
        return f"push {self._number(scope, 3, dotted=False)} onto {self._one(['w1', 'w2'])}"

    def _update(self, scope: Scope) -> str:
        members = self.expression(BRANCHES, scope)
        return f"update {members} {self.block(scope.inner(updating=True), 1)}"

    def _new(self, scope: Scope) -> str:
        # Small counts most of the time: an episode that opens all at once shows little.
        count = self._one(["1", "2", "3", self.expression(INTEGER, scope, 2)])
        verb = self._one([f"open {count}", f"open {count} unseen", f"sample {count}"])
        return self._because(verb)

    def _advance(self, scope: Scope) -> str:
        members = self.expression(BRANCHES, scope)
        verb = f"{self._one(['advance', 'extend'])} {members}"
        if self._either():
            burst = self.expression(INTEGER, scope, dotted=True)
            verb += f" for {self._one(['2', burst, f'min(3, {burst})'])}"
        return self._because(verb)

    def _act(self, scope: Scope) -> str:
        members = self.expression(BRANCHES, scope)
        return self._because(f"{self._one(['probe', 'prune', 'probe'])} {members}")

    def _because(self, verb: str) -> str:
        return f'{verb} because "{verb[:4]}"' if self._pick(4) == 0 else verb

    def _if(self, scope: Scope, depth: int) -> str:
        condition = self.expression(TRUTH, scope, dotted=scope.updating)
        text = f"if {condition} {self._ended(scope, depth)}"
        match self._pick(4):
            case 0:
                return f"{text} else {self._if(scope, depth - 1)}" if depth > 1 else text
            case 1:
                return f"{text} else {self._ended(scope, depth)}"
        return text

    def _ended(self, scope: Scope, depth: int) -> str:
        """A block that may leave the episode at its end."""
        block = self.block(scope, depth - 1, 3)
        if scope.updating or self._pick(6) != 0:
            return block
        leaves = [self._because(self._answer(scope))]
        if scope.section != "finally":
            leaves.append("stop")
        return block.removesuffix("}") + self._one(leaves) + "\n}"

    def _answer(self, scope: Scope) -> str:
        choices = [self.expression(ANSWER, scope) for _ in range(1 + self._pick(3))]
        return f"answer {' else '.join(choices)}"

    # The program

    def program(self) -> str:
        """The text of a whole program."""
        start, step, ending = (
            self.block(Scope(section=section, updating=False), depth, most)
            for section, depth, most in (("start", 1, 3), ("step", 2, 6), ("finally", 1, 3))
        )
        end = self._answer(Scope(section="finally", updating=False))
        first = {kind: self._one(values) for kind, values in FIRST_VALUES.items()}
        field = {kind: self._one(values) for kind, values in FIRST_VALUES.items()}
        running = self._running_lines()
        needs = f"needs {', '.join(self._signals)}\n" if self._signals else ""
        cap = self._one(["", " at most 5", " at most kn", " at most 3 * kn", " at most 0 - 1"])
        return f"""{needs}controller random {{
knobs {{ kn = {1 + self._pick(9)} in 1..9 kr = 0.5 in 0.0..2.0 }}
schedule {{ rising si = round({self._pick(9)} * beta) falling sr = round(1 - beta, 3) }}
memory {{ mi = {first[INTEGER]} mr = {first[REAL]} mt = {first[TRUTH]} ma = {first[ANSWER]}
w1 = window({self._one(["kn", "3", "0", "si"])}) w2 = window(2) }}
each branch {{ .fi = {field[INTEGER]} .fr = {field[REAL]} .ft = {field[TRUTH]}
.fa = {field[ANSWER]}
{running} }}
start {{
open {self._one(["3", "kn", "2 unseen", "0"])}
{start.removeprefix("{")}
step{cap} {step}
finally {ending.removesuffix("}")}{end}
}}
}}
"""

    def _running_lines(self) -> str:
        """Running values and branch windows, in any order."""
        scope = Scope(section="running", updating=False)
        lines = []
        for kind, name in RUNNING.items():
            given = self._one([INTEGER, REAL]) if kind is REAL else kind
            following = self.expression(given, scope, 2, dotted=True)
            lines.append(f"{name} = {self._one(FIRST_VALUES[kind])} then {following}")
        for name in (".v1", ".v2"):
            following = self._number(scope, 2, dotted=True)
            lines.append(f"{name} = window({self._one(['kn', '3', '0', 'si'])}) of {following}")
        for index in range(len(lines) - 1, 0, -1):
            other = self._pick(index + 1)
            lines[index], lines[other] = lines[other], lines[index]
        return "\n".join(lines)


def seeded_program(seed: int) -> str:
    """A program that a seed decides: long, and with as much of the language as any."""
    random = Random(seed)
    return ProgramWriter(random.randrange, NEEDS[seed % len(NEEDS)]).program()


@st.composite
def drawn_programs(draw: st.DrawFn) -> str:
    """A program whose every choice is drawn, so that one that fails is shortened."""
    signals = draw(st.sampled_from(NEEDS))
    return ProgramWriter(lambda count: draw(st.integers(0, count - 1)), signals).program()


typed_programs = st.integers(0, 2**32).map(seeded_program) | drawn_programs()
"""The text of a program without errors; it may well draw warnings."""
