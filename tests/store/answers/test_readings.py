"""What answers of each kind mean: sets, systems, series, angles, units, phrases."""

from collections.abc import Iterator

import pytest

from store.answers.equivalence import AnswerPool, MathVerify

UNRELATED = "91/17"


@pytest.fixture(scope="module")
def mathematics() -> Iterator[MathVerify]:
    with MathVerify() as equivalence:
        yield equivalence


ONE_VOTE = [
    # Sets of real numbers.
    (r"\mathbb{R}\setminus\{4\}", r"(-\infty,4)\cup(4,\infty)", r"t\ne 4"),
    (r"m>2\text{ and }m<7", "2<m<7", "(2,7)", "7>m>2"),
    (r"p<5\text{ and }p\ne 2", r"(-\infty,2)\cup(2,5)"),
    (r"x<-6\text{ or }x>6", "x<-6, x>6", r"x\in(-\infty,-6)\cup(6,\infty)"),
    (r"\{u\mid u\ge 8\}", r"u\ge 8", r"\{u\in\mathbb{R}: u\ge 8\}", r"[8,\infty)"),
    (r"(3,4)\cup\{9\}", r"\{9\}\cup(3,4)"),
    (r"\text{all real numbers}", r"\mathbb{R}", r"x\in\mathbb{R}"),
    # Named values, tuples, vectors and systems.
    ("(x,y)=(6,7)", "x=6, y=7", "y=7, x=6", r"x=6\text{ and }y=7", "(6,7)"),
    (r"\begin{pmatrix}6\\7\end{pmatrix}", "(6,7)", r"\langle 6,7\rangle"),
    (r"\begin{aligned}a&=6\\b&=7\end{aligned}", "a=6, b=7"),
    ("[[6,7],[8,9]]", r"\begin{bmatrix}6&7\\8&9\end{bmatrix}"),
    ("r_1=6, r_2=7", "7, 6", "r=6 or r=7", r"6,\text{ or }7"),
    (r"\pm 2\pm\sqrt3", r"2+\sqrt3, 2-\sqrt3, -2+\sqrt3, -2-\sqrt3"),
    # Functions and numbers.
    ("5ab^2", "5b^2a", r"\frac{5a^2b^2}{a}"),
    ("3xe^{x}", "3x e^x"),
    ("c+di", "di+c"),
    ("2|y-3|", "|6-2y|"),
    (r"\ln(pq)", r"\ln p+\ln q"),
    (r"\frac{m!}{(m-1)!}", "m"),
    (r"\cos 60^\circ", r"\frac12", r"\sin(30°)"),
    (r"\sqrt[3]{-27}", "-3"),
    (r"\frac{4!}{2!2!}", r"{4 \choose 2}", "6", r"\sum_{k=1}^{3}k"),
    (r"\sum_{j=1}^{m} j", r"\frac{m(m+1)}{2}"),
    (r"\int_0^2 x\,dx", "2"),
    ("0.444...", r"\frac49", r"0.\overline4"),
    (r"x=7\sqrt2\approx 9.899", r"7\sqrt2"),
    (r"3\operatorname{cis}90^\circ", "3i"),
    # Equations.
    (r"\frac{x}{p}+\frac{y}{q}=1", "qx+py=pq"),
    ("y-5=2(x-1)", "y=2x+3", "2x-y+3=0"),
    ("f^{-1}(t)=t/3", "t/3"),
    # Congruences, bases, ratios.
    (r"n\equiv 2\pmod 9", r"2 \bmod 9", "11 (mod 9)"),
    ("17_{10}", "17"),
    ("(110)_2", "110_2"),
    ("6:9", "2:3", r"2\text{ to }3"),
    # Units, times, angles.
    (r"2\text{ hours }15\text{ minutes}", "135 minutes", "2 h 15 min"),
    (r"6\text{ kJ/mol}", r"6\text{ kJ mol}^{-1}"),
    (r"31^\circ\mathrm{C}", "31°C", "31"),
    (r"12^\circ 45'", "12.75"),
    (r"7\mathrm{~m}/\mathrm{s}^{2}", r"7\text{ m/s}^2", "7"),
    ("7th", r"7^{\text{th}}", "7"),
    ("5:45 pm", r"5:45\text{ p.m.}", "17:45", "5:45"),
    # Words and formulas.
    (r"\text{NEVER}", "never", r"\textit{Never}."),
    (r"\text{rat}", "rat", "Rat"),
    ("CH_4", r"\mathrm{CH}_4", "CH4", "CH₄"),
    (r"\text{P and Q}", "Q, P"),
    ("(C) 15", r"\textbf{(C)}\ 15", "15"),
    (r"\text{The area is }15", "15", r"\text{15.}"),
]


@pytest.mark.parametrize("answers", ONE_VOTE, ids=lambda answers: answers[0])
def test_equivalent_answers_share_a_vote_in_both_directions(
    mathematics: MathVerify, answers: tuple[str, ...]
) -> None:
    (forms,) = mathematics.forms([AnswerPool(answers, UNRELATED)])
    assert len(set(forms.values())) == 1
    for gold in answers:
        (forms,) = mathematics.forms([AnswerPool(answers, gold)])
        assert set(forms.values()) == {gold}


TWO_VOTES = [
    (r"\angle PQR", r"\angle QPR"),
    (r"1,4,9,\ldots,81", "81"),
    (r"n\equiv 2\pmod 9", r"n\equiv 2\pmod 7"),
    (r"\begin{cases}2&x>0\\-2&x<0\end{cases}", "-2"),
    (r"1+\frac13+\cdots+\frac1m", r"\frac43+\frac1m"),
    (r"2\text{ hours }15\text{ minutes}", "2"),
    ("5:45 am", "5:45 pm"),
    ("6:00", "7:00"),
    (r"2\text{ to }3", "2"),
    (r"8\text{ or more}", "8"),
    (r"\text{at least }8", "8"),
    ("x=6, y=7", "x=7, y=6"),
    ("x=6", "y=6"),
    ("x>6", "y>6"),
    ("p>6, q<9", r"\mathbb{R}"),
    (r"t\ne 4", "4"),
    (r"t\ne 4", r"t\ne 5"),
    (r"\{k^2: k\in\mathbb{N}\}", r"\mathbb{N}"),
    (r"\lfloor m/7\rfloor", "0"),
    (r"\lfloor m/3\rfloor+1", r"\lceil m/3\rceil"),
    (r"\{\emptyset\}", r"\emptyset"),
    (r"3\cdot -4", "12"),
    ("|pq|", "pq"),
    ("p+|q|", "p+q"),
    ("5ab^2", "5a^2b^2"),
    (r"\frac12 mv^2", r"\frac12"),
    (r"\cos 60", r"\frac12"),
    (r"\text{tar}", r"\text{rat}"),
    ("Cu^{+}", "Cu^{2+}"),
    ("SO_2", "SO_3"),
    ("(C) 15", "(D) 15"),
    (r"\sum_{k=1}^{3}k", r"\sum_{k=1}^{4}k"),
    (r"\begin{pmatrix}6&7\end{pmatrix}", r"\begin{pmatrix}6\\7\end{pmatrix}"),
    (r"31^\circ\mathrm{C}", r"31^\circ\mathrm{F}"),
    ("P(A)=0.3", "P(B)=0.3"),
]


@pytest.mark.parametrize("pair", TWO_VOTES, ids=lambda pair: " / ".join(pair))
def test_different_answers_have_separate_votes_in_both_directions(
    mathematics: MathVerify, pair: tuple[str, str]
) -> None:
    (forms,) = mathematics.forms([AnswerPool(pair, UNRELATED)])
    assert forms[pair[0]] != forms[pair[1]]
    for answer, gold in (pair, pair[::-1]):
        assert mathematics.forms([AnswerPool([answer], gold)])[0][answer] != gold


@pytest.mark.parametrize("answers", [*ONE_VOTE, *TWO_VOTES], ids=lambda answers: answers[0])
def test_canonical_form_parses_to_itself(mathematics: MathVerify, answers: tuple[str, ...]) -> None:
    for answer in answers:
        form = mathematics.forms([AnswerPool([answer], None)])[0][answer]
        assert mathematics.forms([AnswerPool([form], None)])[0][form] == form


@pytest.mark.parametrize(
    "answer",
    [r"\sqrt[3]{5}", r"\log_2 7", r"2\sqrt3+\sqrt5", "3^{5000}", r"\arctan 3", r"\hat{k}",
     "a_{n+1}", r"\max(p,q)", r"\overline{PQ}", r"\$7.25", r"3\text{ jars}", "m!"],
)  # fmt: skip
def test_answer_shares_a_vote_with_its_canonical_form(mathematics: MathVerify, answer: str) -> None:
    form = mathematics.forms([AnswerPool([answer], None)])[0][answer]
    (forms,) = mathematics.forms([AnswerPool([answer, form], None)])
    assert forms == {answer: form, form: form}


@pytest.mark.parametrize("answer", [r"8888^{888888}\cdot b", "77777!b", r"\binom{90000}{45000}b"])
def test_factor_too_large_to_calculate_is_unchanged(mathematics: MathVerify, answer: str) -> None:
    (forms,) = mathematics.forms([AnswerPool([answer, "5"], "5.0")])
    assert forms["5"] == "5.0"
    assert len(forms[answer]) < 60


@pytest.mark.parametrize(
    ("one", "other", "are_equal"),
    [
        ("7^{400000}", "49^{200000}", True),
        ("7^{400000}", "7^{400000}+1", False),
        ("5^{10^{12}}", "25^{5\\cdot 10^{11}}", True),
        ("40000!", r"40000\cdot 39999!", True),
        ("40000!", "40000!+1", False),
        ("e^{90}", "e^{90}+1", False),
        (r"10^{45}u", r"10^{45}u+1", False),
        (r"\prod_{k=1}^{9}\frac{k}{k+1}", "0.1", True),
        (r"\sum_{k=1}^{900}k^3", r"\left(\frac{900\cdot 901}{2}\right)^2", True),
    ],
)
def test_large_numbers_are_compared_exactly(
    mathematics: MathVerify, one: str, other: str, are_equal: bool
) -> None:
    (forms,) = mathematics.forms([AnswerPool([one, other], UNRELATED)])
    assert (forms[one] == forms[other]) == are_equal
    for answer, gold in ((one, other), (other, one)):
        found = mathematics.forms([AnswerPool([answer], gold)])[0][answer]
        assert (found == gold) == are_equal


@pytest.mark.parametrize(
    "answer",
    [r"\text{" * 2_000, "{" * 900 + "}" * 900, "e^{e^{e^{e}}}", "88888!", "(p+q+r+s)^{90}",
     r"\sum_{k=1}^{10^{90}}1", "\ud800", r"\pm" * 600 + "1"],
    ids=range(8),
)  # fmt: skip
def test_deep_or_large_expression_equals_only_itself(mathematics: MathVerify, answer: str) -> None:
    forms = mathematics.forms([AnswerPool([answer], UNRELATED), AnswerPool([answer], answer)])
    assert forms[0][answer] != UNRELATED
    assert forms[1][answer] == answer
