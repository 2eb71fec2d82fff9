r"""Parse tokens to an expression.

Adjacent numbers are never added or multiplied: such a text is no expression.
"""

from collections.abc import Callable, Sequence
from fractions import Fraction

from store.answers.exact import Expression, evaluate_series, fold, negative, number, rational
from store.answers.lexer import FUNCTIONS, Token, UnreadableAnswer

_DEEPEST = 40
_CLOSING = {"(": ")", "[": "]", "{": "}"}
_TIMES = frozenset(["cdot", "times"])
_TRIGONOMETRIC = frozenset(["sin", "cos", "tan", "cot", "sec", "csc", "cis"])
_CALLED = frozenset(["f", "g", "h", "P", "Q", "F", "G", "phi", "Gamma", "zeta", "O", "Theta"])
_VARIABLES = frozenset("abcdfghjklmnpqrstvwxyz")


def parse_expression(tokens: Sequence[Token]) -> Expression:
    """Parse all tokens as one expression, and fold what is rational.

    Raises:
        UnreadableAnswer: they are none.
    """
    parser = _Parser(tokens)
    expression = parser.sum()
    if parser.here is not None:
        raise UnreadableAnswer(f"{parser.here.text!r} does not continue an expression")
    return fold(expression)


class _Parser:
    """A recursive descent over tokens."""

    def __init__(self, tokens: Sequence[Token]):
        self._tokens = tokens
        self._at = 0
        self._depth = 0
        self._angles = 0
        self._bars = 0

    @property
    def here(self) -> Token | None:
        """The next token, or ``None`` at the end."""
        return self._tokens[self._at] if self._at < len(self._tokens) else None

    def _is_sign(self, *signs: str) -> bool:
        return self.here is not None and self.here.kind == "sign" and self.here.text in signs

    def _is_command(self, *names: str) -> bool:
        return self.here is not None and self.here.kind == "command" and self.here.text in names

    def _follows(self, sign: str) -> bool:
        return self._at + 1 < len(self._tokens) and self._tokens[self._at + 1].text == sign

    def _expect(self, sign: str) -> None:
        if not self._is_sign(sign):
            raise UnreadableAnswer(f"{sign} is missing")
        self._at += 1

    def sum(self) -> Expression:
        """Parse terms joined by plus and minus."""
        self._depth += 1
        if self._depth > _DEEPEST:
            raise UnreadableAnswer("it is nested too deeply")
        result = self._term()
        while self._is_sign("+", "-"):
            sign = self._tokens[self._at].text
            self._at += 1
            term = self._term()
            result = ("+", result, term if sign == "+" else negative(term))
        if self._is_command("choose", "over"):
            operator = self._tokens[self._at].text
            self._at += 1
            right = self.sum()
            result = (
                ("fn", "binom", result, right) if operator == "choose" else ("/", result, right)
            )
        self._depth -= 1
        return result

    def _term(self) -> Expression:
        if self._is_sign("-", "+"):
            sign = self._tokens[self._at].text
            self._at += 1
            term = self._term()
            return negative(term) if sign == "-" else term
        result = self._factor()
        while True:
            if self._is_command(*_TIMES):
                self._at += 1
                result = ("*", result, self._signed_factor())
            elif self._is_sign("/") or self._is_command("div"):
                self._at += 1
                result = ("/", result, self._signed_factor())
            elif self._begins_factor():
                result = self._implicit(result)
            else:
                return result

    def _signed_factor(self) -> Expression:
        if self._is_sign("-", "+"):
            sign = self._tokens[self._at].text
            self._at += 1
            factor = self._signed_factor()
            return negative(factor) if sign == "-" else factor
        return self._factor()

    def _begins_factor(self) -> bool:
        token = self.here
        if token is None:
            return False
        if token.kind in ("number", "name", "word"):
            return True
        if token.kind == "command":
            return token.text in FUNCTIONS or token.text in _COMMANDS
        opens = token.text in ("(", "[", "{") or (token.text == "|" and not self._bars)
        return token.kind == "sign" and opens

    def _implicit(self, before: Expression) -> Expression:
        """Multiply what is side by side; a whole number and a fraction are a mixed number."""
        previous, token = self._tokens[self._at - 1], self._tokens[self._at]
        if token.kind == "number" and previous.text != "!":
            if previous.kind == "number" and (mixed := self._mixed(previous)):
                return mixed
            raise UnreadableAnswer("two numbers are side by side")
        is_fraction = token.kind == "command" and token.text == "frac"
        factor = self._factor()
        if is_fraction and previous.kind == "number":
            return _mixed_number(previous, factor)
        return ("*", before, factor)

    def _mixed(self, integer: Token) -> Expression | None:
        """Parse the fraction of a mixed number written as ``2 1/2``."""
        rest = self._tokens[self._at : self._at + 3]
        if len(rest) < 3 or rest[1].text != "/" or rest[2].kind != "number":
            return None
        fraction = ("/", number(rest[0].value or 0), number(rest[2].value or 0))
        self._at += 3
        return _mixed_number(integer, fraction)

    def _factor(self) -> Expression:
        base = self._atom()
        while True:
            if self._is_sign("^"):
                self._at += 1
                base = ("^", base, self._exponent())
            elif self._is_sign("!"):
                self._at += 1
                base = ("fn", "factorial", base)
            elif self._is_command("degree"):
                self._at += 1
                base = ("*", base, _DEGREE) if self._angles else base
            else:
                return base

    def _exponent(self) -> Expression:
        if self._is_sign("-", "+"):
            return self._signed_factor()
        return self._atom()

    def _atom(self) -> Expression:
        token = self.here
        if token is None:
            raise UnreadableAnswer("it ends too early")
        self._at += 1
        if token.kind == "number":
            return ("const", token.text) if token.value is None else number(token.value)
        if token.kind == "name":
            return self._name(token)
        if token.kind == "word":
            return self._word(token)
        if token.kind == "command":
            return self._command(token)
        if token.kind == "sign" and token.text in _CLOSING:
            inner = self.sum()
            self._expect(_CLOSING[token.text])
            return inner
        if token.kind == "sign" and token.text == "|":
            self._bars += 1
            inner = self.sum()
            self._expect("|")
            self._bars -= 1
            return ("fn", "abs", inner)
        raise UnreadableAnswer(f"{token.text!r} is not part of an expression")

    def _name(self, token: Token) -> Expression:
        if token.text in ("pi", "oo", "e", "i"):
            return ("const", token.text)
        name = token.text + self._subscript()
        while self._is_sign("'"):
            self._at += 1
            name += "'"
        if token.text in _CALLED and self._is_sign("("):
            self._at += 1
            inside = self.sum()
            self._expect(")")
            return ("fn", f"call_{name}", inside)
        return ("sym", name)

    def _word(self, token: Token) -> Expression:
        """Parse a run of letters: a short one is a product of variables, capitals are one symbol.

        A power, a subscript or a function's brackets belong to the last letter alone.
        """
        run = token.text
        if run.isascii() and run.isupper() and len(run) <= 4:
            return ("sym", run + self._subscript())
        if len(run) > 3 or not set(run.lower()) <= _VARIABLES:
            raise UnreadableAnswer(f"{run!r} is a word")
        letters = [token._replace(kind="name", text=letter, spaced=False) for letter in run]
        self._tokens = [*self._tokens[: self._at - 1], *letters, *self._tokens[self._at :]]
        return self._name(letters[0])

    def _subscript(self) -> str:
        if not self._is_sign("_"):
            return ""
        self._at += 1
        if not self._is_sign("{"):
            token = self.here
            if token is None:
                raise UnreadableAnswer("a subscript is missing")
            self._at += 1
            return "_" + token.text
        self._at += 1
        parts = []
        while not self._is_sign("}"):
            token = self.here
            if token is None or self._is_sign("{"):
                raise UnreadableAnswer("a subscript has no end")
            parts.append(token.text)
            self._at += 1
        self._at += 1
        return "_" + "".join(parts)

    def _command(self, token: Token) -> Expression:
        if token.text in FUNCTIONS and token.text not in _COMMANDS:
            return self._function(token.text)
        if token.text in _COMMANDS:
            return _COMMANDS[token.text](self)
        raise UnreadableAnswer(f"\\{token.text} is not part of an expression")

    def _function(self, name: str) -> Expression:
        power = None
        base = None
        if self._is_sign("_"):
            self._at += 1
            base = self._argument()
        if self._is_sign("^"):
            self._at += 1
            power = fold(self._exponent())
        self._angles += name in _TRIGONOMETRIC
        arguments = self._arguments()
        self._angles -= name in _TRIGONOMETRIC
        if base is not None:
            if name != "log":
                raise UnreadableAnswer(f"{name} takes no subscript")
            arguments = [*arguments, base]
        if power == number(-1) and name in ("sin", "cos", "tan", "cot", "sec", "csc"):
            return ("fn", "arc" + name, *arguments)
        result: Expression = ("fn", name, *arguments)
        return result if power is None else ("^", result, power)

    def _arguments(self) -> list[Expression]:
        """Parse ``(a, b)``, or the product that follows a function without brackets."""
        if self._is_sign("("):
            self._at += 1
            arguments = [self.sum()]
            while self._is_sign(","):
                self._at += 1
                arguments.append(self.sum())
            self._expect(")")
            return arguments
        product = self._signed_factor()
        while self._begins_factor() and not (
            self.here and self.here.kind == "command" and self.here.text in FUNCTIONS
        ):
            if self._is_sign("(", "[") or (
                self._tokens[self._at].text == "e" and self._follows("^")
            ):
                break
            product = self._implicit(product)
        return [product]

    def _argument(self) -> Expression:
        """Parse the argument of a command: a group, or one digit or letter."""
        token = self.here
        if token is not None and token.kind == "number" and "." not in token.text:
            return self._digit(token)
        return self._atom()

    def _digit(self, token: Token) -> Expression:
        r"""Take one digit: ``\frac34`` is three quarters."""
        digit, rest = token.text[0], token.text[1:]
        if rest:
            remainder = token._replace(text=rest, value=Fraction(rest), spaced=False)
            self._tokens = [*self._tokens[: self._at], remainder, *self._tokens[self._at + 1 :]]
        else:
            self._at += 1
        return number(int(digit))

    def frac(self) -> Expression:
        """Parse the two arguments of a fraction."""
        top = self._argument()
        return ("/", top, self._argument())

    def sqrt(self) -> Expression:
        """Parse a root, with its index."""
        index = None
        if self._is_sign("["):
            self._at += 1
            index = self.sum()
            self._expect("]")
        if self.here is not None and self.here.kind == "number":
            # Here a run of digits is one number: the root in \sqrt12 is of twelve.
            self._at += 1
            inside = number(self._tokens[self._at - 1].value or 0)
        else:
            inside = self._atom()
        half = number(Fraction(1, 2)) if index is None else fold(("/", number(1), index))
        inside = fold(inside)
        is_odd = half[0] == "num" and rational(half).denominator % 2 == 1
        if is_odd and inside[0] == "num" and rational(inside) < 0:
            return negative(("^", number(-rational(inside)), half))
        return ("^", inside, half)

    def binom(self) -> Expression:
        """Parse a binomial coefficient."""
        if self._is_sign("("):
            first, second = self._arguments()
            return ("fn", "binom", first, second)
        top = self._argument()
        return ("fn", "binom", top, self._argument())

    def series(self) -> Expression:
        """Parse a sum or product over a range of integers, and evaluate it.

        Raises:
            UnreadableAnswer: its bounds are not known, or its terms are no rational numbers.
        """
        is_sum = self._tokens[self._at - 1].text == "sum"
        self._expect("_")
        self._expect("{")
        index = self._atom()
        self._expect("=")
        first = fold(self.sum())
        self._expect("}")
        self._expect("^")
        last = fold(self._argument())
        body = self._term()
        if index[0] != "sym" or first[0] != "num" or last[0] != "num":
            raise UnreadableAnswer("the bounds of a sum are not known")
        value = evaluate_series(body, index, (rational(first), rational(last)), is_sum=is_sum)
        if value is None:
            raise UnreadableAnswer("a sum or product that is not calculated")
        return number(value)

    def _rounded(self, name: str, closing: str) -> Expression:
        inside = self.sum()
        if not self._is_command(closing):
            raise UnreadableAnswer(f"\\{closing} is missing")
        self._at += 1
        return ("fn", name, inside)

    def floor(self) -> Expression:
        """Parse a value rounded down."""
        return self._rounded("floor", "rfloor")

    def ceiling(self) -> Expression:
        """Parse a value rounded up."""
        return self._rounded("ceil", "rceil")


_COMMANDS: dict[str, Callable[[_Parser], Expression]] = {
    "frac": _Parser.frac, "sqrt": _Parser.sqrt, "binom": _Parser.binom, "lfloor": _Parser.floor,
    "lceil": _Parser.ceiling, "sum": _Parser.series, "prod": _Parser.series,
}  # fmt: skip


_DEGREE: Expression = ("/", ("const", "pi"), number(180))


def _mixed_number(integer: Token, fraction: Expression) -> Expression:
    """Join a whole number and a proper fraction.

    Raises:
        UnreadableAnswer: they are no mixed number, so that two numbers are adjacent.
    """
    folded = fold(fraction)
    if not integer.text.isdigit() or folded[0] != "num":
        if folded[0] != "num":
            return ("*", number(integer.value or 0), fraction)
        raise UnreadableAnswer("a number and a fraction are side by side")
    part = rational(folded)
    if not 0 < part < 1:
        raise UnreadableAnswer("a number and a fraction are side by side")
    return number((integer.value or 0) + part)
