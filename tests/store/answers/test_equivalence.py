"""When two answers are equal, and the one form that equal answers have."""

import importlib.metadata
import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from store.answers.equivalence import AnswerPool, Exact, MathVerify, RunningForms, open_equivalence
from store.answers.extraction import NO_ANSWER
from store.errors import StoreError

UNRELATED = "77/13"


EQUAL = [
    # Rational numbers, however they are written.
    ("3/8", "0.375"),
    (r"\frac68", r"\tfrac{3}{4}"),
    (r"4\frac{2}{5}", "22/5"),
    ("7 3/4", "7.75"),
    (r"\frac{-7}{9}", "-7/9"),
    (r"\frac{7}{-9}", "−7/9"),
    ("2.50", "5/2"),
    (".125", "1/8"),
    ("17.", "17"),
    ("0017", "17"),
    ("+17", "17"),
    (r"0.1\overline{45}", r"\frac{8}{55}"),
    (r"0.\overline6", "2/3"),
    ("4.2e-3", "0.0042"),
    (r"6.02\times10^{3}", "6020"),
    ("3²", "9"),
    ("¾", "0.75"),
    ("5½", "11/2"),
    # Digit groups.
    ("98,765", "98765"),
    (r"98{,}765", "98765"),
    (r"98\,765", "98765"),
    (r"98,\!765", "98765"),
    ("98 765 432", "98765432"),
    # Typography and wrappers.
    (r"$17$", "17"),
    (r"\(17\)", "17"),
    (r"**17**", "17"),
    (r"\textbf{17}", "17"),
    (r"\mathbf{17}", "17"),
    (r"\mathbf{** 17 **}", "17"),
    (r"\mathbf{** \sqrt{289} **}", "17"),
    (r"\mathbf{**\mathbf{** 17 **}**}", "17"),
    (r"** 17 **\,", "17"),
    (r"**\(**\sqrt{289}**\)**", "17"),
    (r"**\mathbf{**\sqrt{289}**}**", "17"),
    (r"**\frac{1}{2}**, **\frac{1}{3}**", r"\frac12, \frac13"),
    (r"\displaystyle ** 17 **", "17"),
    (r"\boxed{17}", "17"),
    (r"\displaystyle 17", "17"),
    (r"\left(17\right)", "17"),
    (r"17\quad", "17"),
    (r"\text{Answer: }17", "17"),
    (r"\approx 17", "17"),
    ("４１", "41"),
    ("6√5", r"6\sqrt{5}"),
    ("3π/4", r"\frac{3\pi}{4}"),
    # Units, percent signs, bases and names that one side leaves out.
    (r"8\text{ kg}", "8"),
    ("8 m/s", "8"),
    ("45°", r"45^{\circ}"),
    (r"\$8.20", "8.2"),
    ("€8", r"8\text{ euros}"),
    (r"8\text{ square feet}", r"8\text{ ft}^2"),
    (r"30\%", "0.3"),
    (r"30\%", "30"),
    (r"30\%", r"\frac{3}{10}"),
    ("371_8", "371"),
    ("n = 12", "12"),
    (r"\angle PQR = 70^\circ", "70"),
    (r"\text{Area} = 12", "12"),
    ("g(x) = x^3", "x^3"),
    # Irrational and complex numbers.
    (r"\sqrt{50}", r"5\sqrt{2}"),
    (r"\frac{6}{\sqrt{3}}", r"2\sqrt{3}"),
    (r"\sqrt[3]{16}", r"2\sqrt[3]{2}"),
    (r"\frac{1+\sqrt5}{2}", r"\frac12+\frac{\sqrt{5}}{2}"),
    (r"\cos\frac{\pi}{3}", "1/2"),
    (r"\log_3 81", "4"),
    (r"\ln e^5", "5"),
    (r"\frac{2}{e}", r"2\mathrm{e}^{-1}"),
    ("(2+i)(2-i)", "5"),
    ("3+4i", "4i+3"),
    # Polynomials and other functions of variables.
    ("(a+b)(a-b)", "a^2-b^2"),
    ("2xy", "2yx"),
    (r"\frac{n^2+n}{n}", "n+1"),
    (r"\sin^2 t+\cos^2 t", "1"),
    (r"\sqrt{4m}", r"2\sqrt{m}"),
    # Equations and inequalities.
    ("2x-4y=6", "x-2y-3=0"),
    ("y=3x-1", "3x-y-1=0"),
    ("x>4", r"(4,\infty)"),
    ("4<x", r"(4,\infty)"),
    (r"-1<t\le 6", "(-1,6]"),
    (r"x<0\text{ or }x>3", r"(-\infty,0)\cup(3,\infty)"),
    # Lists, sets, tuples, intervals, matrices.
    ("4, 9", r"\{9,4\}"),
    (r"4\text{ and }9", "9,4"),
    (r"\pm 4", "-4, 4"),
    (r"3\pm\sqrt{7}", r"3-\sqrt7, 3+\sqrt7"),
    (r"(0.5, -3)", r"\left(\frac12,-3\right)"),
    ("(1,2), (5,6)", "(5,6),(1,2)"),
    (r"[0, 1]\cup[1, 2]", "[0,2]"),
    ("x=3, y=8", "(3,8)"),
    (r"\begin{bmatrix}0.5\\2\end{bmatrix}", r"\begin{pmatrix}1/2\\2\end{pmatrix}"),
    # Words.
    (r"\text{Thursday}", "thursday"),
    (r"\mathrm{Yes}", "yes."),
    (r"\text{No solutions}", r"\emptyset"),
    (r"\mathbb{R}", r"(-\infty,\infty)"),
    (r"\text{(D)}", "D"),
]


@pytest.mark.parametrize(("answer", "gold"), EQUAL)
def test_answers_of_one_value_are_equal_in_both_directions(
    mathematics: MathVerify, answer: str, gold: str
) -> None:
    for one, other in ((answer, gold), (gold, answer)):
        (forms,) = mathematics.forms([AnswerPool([one], other)])
        assert forms == {one: other}


@pytest.mark.parametrize(
    ("answer", "gold"),
    [
        ("6 7", "13"),
        ("6 7", "42"),
        ("6 7", "67"),
        (r"6\frac{7}{2}", "21"),
        ("1/3", "0.3333"),
        ("2.718281828", "e"),
        (r"\frac{1}{3^{80}}", r"\frac{1}{3^{81}}"),
        (r"\frac{1}{10^{30}}", "0"),
        ("7^{90}", "7^{90}+1"),
        ("1+10^{-20}", "1"),
        (r"\ge 9", "9"),
        ("x<9", r"x\le 9"),
        ("(3,4)", "(4,3)"),
        ("(3,4)", "[3,4]"),
        ("3,4", "3,4,4"),
        ("3:4", "4:3"),
        ("3, 4", "34"),
        ("(321,654)", "321654"),
        (r"\pm 9", "9"),
        (r"\text{STOP}", r"\text{POTS}"),
        ("no", "on"),
        (r"30\%", "3000"),
        ("371_8", "371_9"),
        (r"8\text{ kg}", r"8\text{ g}"),
        ("8 dogs", "8 cats"),
        ("f(2)=5", "g(2)=5"),
        ("x^2=9", "x=3"),
        ("x^2+y^2=1", "x^2+y^2=2"),
        (r"A\cup C", r"A\cap C"),
        (r"\cos x", r"\cos^2 x"),
        (r"|x|", "x"),
        ("c_1", "c_2"),
        ("c'", "c"),
        (r"\vec{v}", "v"),
        (r"\mathbb{Q}", r"\mathbb{R}"),
        (r"\lfloor y\rfloor", r"\lceil y\rceil"),
        (r"1,\ldots,8", r"1,\ldots,9"),
        ("13!", "13"),
        ("1/2 y", "1/(2y)"),
        (r"\begin{pmatrix}1\\2\end{pmatrix}", r"\begin{pmatrix}2\\1\end{pmatrix}"),
    ],
)
def test_answers_with_different_values_have_different_forms(
    mathematics: MathVerify, answer: str, gold: str
) -> None:
    for one, other in ((answer, gold), (gold, answer)):
        (forms,) = mathematics.forms([AnswerPool([one], other)])
        assert forms[one] != other
    (forms,) = mathematics.forms([AnswerPool([answer, gold], UNRELATED)])
    assert forms[answer] != forms[gold]


ONE_VOTE = [
    ["3/8", r"\frac38", "0.375", "0.3750", r"\dfrac{6}{16}", "x=3/8", "+3/8"],
    ["9", "9 kg", r"9\text{ kilograms}", "y=9", "9.0", r"9^\circ", r"\text{9}"],
    ["6,7", "7, 6", r"\{6,7\}", r"6\text{ or }7", "x=6, x=7", "6; 7"],
    [r"\sqrt{45}", r"3\sqrt5", r"3*sqrt(5)", r"\frac{15}{\sqrt{5}}"],
    ["(m+1)(m-1)", "m^2-1", "-1+m^2", "(m-1)(1+m)"],
    [r"\text{Ostrava}", "ostrava", r"\textit{Ostrava}", "**Ostrava**", "Ostrava."],
    [r"z\le -2", r"(-\infty,-2]", r"-2\ge z"],
    ["45,000", "45000", r"45\,000", "45{,}000", "4.5e4", r"4.5\cdot10^4"],
    [r"\frac{5\pi}{6}", r"5\pi/6", r"\frac56\pi", "5π/6"],
]


@pytest.mark.parametrize("answers", ONE_VOTE)
def test_equal_answers_share_a_vote_for_any_gold_answer(
    mathematics: MathVerify, answers: list[str]
) -> None:
    for gold in (UNRELATED, None):
        (forms,) = mathematics.forms([AnswerPool(answers, gold)])
        assert len(set(forms.values())) == 1
    for gold in answers:
        (forms,) = mathematics.forms([AnswerPool(answers, gold)])
        assert set(forms.values()) == {gold}


def test_a_unit_joins_the_bare_number_unless_two_units_compete(mathematics: MathVerify) -> None:
    forms = mathematics.forms(
        [
            AnswerPool(["9", "9 kg"], UNRELATED),
            AnswerPool(["9", "9 kg", "9 g"], UNRELATED),
            AnswerPool(["9 kg", "9 g"], UNRELATED),
            AnswerPool([r"9\%", "0.09"], UNRELATED),
        ]
    )
    assert [len(set(form.values())) for form in forms] == [1, 3, 2, 1]


ALPHABET = st.sampled_from(["7", "3/8", r"\sqrt{5}", "x+2", "(1,2)", "1,2", r"\text{odd}", "[0,1)"])
WRAPPERS = st.lists(
    st.sampled_from(
        ["{}", "${}$", r"\({}\)", " {} ", r"\mathbf{{{}}}", "**{}**", r"{}\,", r"\displaystyle {}"]
    ),
    max_size=3,
)


def _wrapped(answer: str, wrappers: list[str]) -> str:
    for wrapper in wrappers:
        answer = wrapper.format(answer)
    return answer


@settings(max_examples=400)
@given(ALPHABET, WRAPPERS, WRAPPERS)
def test_wrappers_and_blanks_change_no_form_and_equality_is_symmetric(
    mathematics: MathVerify, answer: str, first: list[str], second: list[str]
) -> None:
    one, other = _wrapped(answer, first), _wrapped(answer, second)
    assert mathematics.forms([AnswerPool([one], other)])[0][one] == other
    assert mathematics.forms([AnswerPool([other], one)])[0][other] == one
    assert len(set(mathematics.forms([AnswerPool([one, other], UNRELATED)])[0].values())) == 1


@given(st.permutations(["6", "1/2", r"\sqrt{3}", "n"]))
def test_the_order_of_a_list_changes_no_form(mathematics: MathVerify, items: list[str]) -> None:
    (forms,) = mathematics.forms([AnswerPool([", ".join(items)], r"n, \sqrt3, 0.5, 6")])
    assert set(forms.values()) == {r"n, \sqrt3, 0.5, 6"}


@given(st.permutations(list(itertools.chain(*ONE_VOTE[:4]))))
def test_forms_do_not_depend_on_the_order_of_the_answers(
    mathematics: MathVerify, answers: list[str]
) -> None:
    expected = mathematics.forms([AnswerPool(sorted(answers), None)])
    assert mathematics.forms([AnswerPool(answers, None)]) == expected


@given(st.fractions(), st.fractions())
def test_rational_numbers_are_equal_exactly_when_their_values_are(
    mathematics: MathVerify, one: object, other: object
) -> None:
    (forms,) = mathematics.forms([AnswerPool([str(one)], str(other))])
    assert (forms[str(one)] == str(other)) == (one == other)


@given(st.text(max_size=60))
def test_any_model_output_has_a_form_and_equals_itself(mathematics: MathVerify, text: str) -> None:
    (forms,) = mathematics.forms([AnswerPool([text], UNRELATED), AnswerPool([text], text)])[:1]
    assert set(forms) == {text}
    assert mathematics.forms([AnswerPool([text], text)])[0][text] == text


@given(ALPHABET | st.sampled_from(list(itertools.chain(*ONE_VOTE))))
def test_canonical_form_is_idempotent(mathematics: MathVerify, answer: str) -> None:
    form = mathematics.forms([AnswerPool([answer], None)])[0][answer]
    assert mathematics.forms([AnswerPool([form], None)])[0][form] == form


def test_an_answer_longer_than_any_gold_is_still_compared_by_its_digits(
    mathematics: MathVerify,
) -> None:
    long = "7" * 8_000
    assert mathematics.forms([AnswerPool([f"00{long}"], long)])[0][f"00{long}"] == long
    assert mathematics.forms([AnswerPool([long + "7"], long)])[0][long + "7"] != long


def test_no_answer_equals_only_itself(mathematics: MathVerify) -> None:
    (forms,) = mathematics.forms([AnswerPool([NO_ANSWER, "err", "1"], "1")])
    assert forms == {NO_ANSWER: NO_ANSWER, "err": "err", "1": "1"}


async def test_form_is_fixed_after_its_first_vote(mathematics: MathVerify) -> None:
    forms = RunningForms(mathematics, UNRELATED, known=["0.5"])
    assert await forms.form(r"\frac12") == "0.5"
    assert await forms.form("9 kg") == "9 kg"
    assert await forms.form("9") == "9 kg"


async def test_exact_equivalence_leaves_answers_unchanged() -> None:
    with open_equivalence("exact") as exact:
        assert exact.name == "exact"
    assert await Exact().canonical(" 1/2", "0.5") == " 1/2"
    assert Exact().forms([AnswerPool(["a", "A"], "a")]) == [{"a": "a", "A": "A"}]


def test_missing_library_error_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    def absent(name: str) -> str:
        raise importlib.metadata.PackageNotFoundError(name)

    monkeypatch.setattr(importlib.metadata, "version", absent)
    with pytest.raises(StoreError, match=r"\.\[collect\]"):
        MathVerify()
