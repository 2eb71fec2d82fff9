"""Python source is parsed again after an error of the interpreter itself."""

import ast

import pytest

from dsl.python_source import parse_python


class FailingParser:
    """`ast.parse`, which first fails as CPython 3.11 does."""

    def __init__(self, failures: int):
        self._parse = ast.parse
        self.failures = failures

    def __call__(self, text: str, name: str) -> ast.Module:
        if self.failures:
            self.failures -= 1
            raise SystemError("AST constructor recursion depth mismatch (before=122, after=121)")
        return self._parse(text, name)


def test_source_is_parsed_again_after_a_system_error(monkeypatch: pytest.MonkeyPatch) -> None:
    parser = FailingParser(failures=1)
    monkeypatch.setattr(ast, "parse", parser)
    assert ast.unparse(parse_python("width = 4", "file.py")) == "width = 4"
    assert parser.failures == 0


def test_a_system_error_that_persists_is_raised(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ast, "parse", FailingParser(failures=10))
    with pytest.raises(SystemError, match="recursion depth"):
        parse_python("width = 4", "file.py")


def test_errors_in_the_source_are_raised_at_once_with_the_name_of_the_file() -> None:
    with pytest.raises(SyntaxError) as error:
        parse_python("width =", "file.py")
    assert error.value.filename == "file.py"
