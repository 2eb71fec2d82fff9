"""Cached tables give the same parser as the grammar; damaged ones are built again."""

import os
import subprocess
import sys
from collections.abc import Callable
from importlib.resources import files
from pathlib import Path

import lark
import pytest

from dsl import library
from dsl.grammar_cache import grammar_directory, load_parser

ROOT = Path(__file__).resolve().parent.parent.parent
TEXT = files("dsl").joinpath("rheo.lark").read_text(encoding="utf-8")
SMALL = 'start: "a" NUMBER+\nNUMBER: /[0-9]+/\n%ignore " "\n'

OPTIONS: dict[str, str | bool] = {"parser": "lalr", "lexer": "basic", "propagate_positions": True}
Built = list[str]


@pytest.fixture
def tables(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Keep tables in an empty directory, which is returned."""
    monkeypatch.setenv("RHEOSTAT_CACHE_DIR", str(tmp_path))
    return tmp_path / "grammars"


@pytest.fixture
def built(monkeypatch: pytest.MonkeyPatch) -> Built:
    """List the grammars whose tables are built."""
    grammars: Built = []
    build = lark.Lark.__init__

    def counting(self: lark.Lark, grammar: str, **options: object) -> None:
        grammars.append(grammar)
        build(self, grammar, **options)

    monkeypatch.setattr(lark.Lark, "__init__", counting)
    return grammars


def test_parser_from_kept_tables_reads_every_program_alike(tables: Path, built: Built) -> None:
    fresh, remaining = (load_parser(TEXT, **OPTIONS) for _ in range(2))
    assert built == [TEXT]
    assert [str(rule) for rule in fresh.rules] == [str(rule) for rule in remaining.rules]
    names = [
        sorted(terminal.name for terminal in parser.terminals) for parser in (fresh, remaining)
    ]
    assert names[0] == names[1]
    for name in library.NAMES:
        text = library.load_source(name).text
        one, other = fresh.parse(text), remaining.parse(text)
        assert one == other
        assert [str(subtree.meta.start_pos) for subtree in one.iter_subtrees()] == [
            str(subtree.meta.start_pos) for subtree in other.iter_subtrees()
        ]
        tokens, others = (
            [(token, token.type, token.start_pos) for token in parser.lex(text)]
            for parser in (fresh, remaining)
        )
        assert tokens == others


def test_kept_tables_expect_the_same_tokens_after_an_error(tables: Path) -> None:
    expected = []
    for _ in range(2):
        parser = load_parser(TEXT, **OPTIONS)
        with pytest.raises(lark.UnexpectedToken) as caught:
            parser.parse("controller c { start { open } }")
        expected.append(caught.value.accepts)
    assert expected[0] == expected[1]


def test_another_grammar_or_option_has_tables_of_its_own(tables: Path, built: Built) -> None:
    load_parser(SMALL, **OPTIONS)
    load_parser(SMALL + "\n", **OPTIONS)
    load_parser(SMALL, **(OPTIONS | {"lexer": "contextual"}))
    assert len(built) == len(list(tables.iterdir())) == 3


@pytest.mark.parametrize("attribute", ["lark.__version__", "sys.implementation.cache_tag"])
def test_another_version_builds_its_own(
    tables: Path, built: Built, monkeypatch: pytest.MonkeyPatch, attribute: str
) -> None:
    load_parser(SMALL, **OPTIONS)
    monkeypatch.setattr(attribute, "another")
    load_parser(SMALL, **OPTIONS)
    assert len(built) == 2


@pytest.mark.parametrize(
    "damage",
    [
        lambda content: b"",
        lambda content: content[:10],
        lambda content: content[:-1],
        lambda content: content[:40] + bytes([content[40] ^ 1]) + content[41:],
        lambda content: bytes(32) + content[32:],
        lambda content: content + b"more",
    ],
    ids=["empty", "torn in the digest", "torn", "a bit flipped", "another digest", "longer"],
)
def test_damaged_tables_are_built_again(
    tables: Path, built: Built, damage: Callable[[bytes], bytes]
) -> None:
    load_parser(SMALL, **OPTIONS)
    [path] = tables.iterdir()
    path.write_bytes(damage(path.read_bytes()))
    for _ in range(2):
        assert load_parser(SMALL, **OPTIONS).parse("a 1 2").children == ["1", "2"]
    assert len(built) == 2


def test_tables_of_one_grammar_under_the_name_of_another_are_built_again(
    tables: Path, built: Built
) -> None:
    load_parser(SMALL, **OPTIONS)
    [path] = tables.iterdir()
    other = SMALL.replace('"a"', '"b"')
    load_parser(other, **OPTIONS)
    [other_path] = set(tables.iterdir()) - {path}
    other_path.write_bytes(path.read_bytes())
    assert load_parser(other, **OPTIONS).parse("b 1").children == ["1"]
    assert len(built) == 3


@pytest.mark.parametrize("name", ["", "grammars"])
def test_file_in_place_of_the_directory_only_costs_time(
    tmp_path: Path, built: Built, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    way = tmp_path / "way"
    monkeypatch.setenv("RHEOSTAT_CACHE_DIR", str(way))
    if name:
        way.mkdir()
    (way / name).write_text("in the way")
    for _ in range(2):
        assert load_parser(SMALL, **OPTIONS).parse("a 1").children == ["1"]
    assert len(built) == 2
    assert (way / name).read_text() == "in the way"


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_read_only_directory_is_read_and_not_written(tables: Path, built: Built) -> None:
    load_parser(SMALL, **OPTIONS)
    tables.chmod(0o500)
    try:
        load_parser(SMALL, **OPTIONS)
        load_parser(SMALL + "\n", **OPTIONS)
    finally:
        tables.chmod(0o700)
    assert len(built) == 2


def test_failure_to_write_leaves_no_partial_file(
    tables: Path, built: Built, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    assert load_parser(SMALL, **OPTIONS).parse("a 1").children == ["1"]
    assert list(tables.iterdir()) == []


def test_processes_that_start_together_leave_one_sound_file(tables: Path, built: Built) -> None:
    program = "from dsl.parser import load_grammar; load_grammar().parse('controller c { }')"
    running = [
        subprocess.Popen(
            [sys.executable, "-c", program], env={**os.environ, "PYTHONPATH": str(ROOT)}
        )
        for _ in range(3)
    ]
    assert [process.wait(60) for process in running] == [0, 0, 0]
    assert len(list(tables.iterdir())) == 1
    load_parser(
        TEXT, parser="lalr", lexer="basic", propagate_positions=True, maybe_placeholders=False
    )
    assert built == []


def test_directory_follows_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    home = {"HOME": "/home/someone"}
    monkeypatch.setenv("HOME", home["HOME"])
    named = {"RHEOSTAT_CACHE_DIR": "/scratch"}
    assert grammar_directory(named) == Path("/scratch/grammars")
    assert grammar_directory({"XDG_CACHE_HOME": "/x"}) == Path("/x/rheostat/grammars")
    usual = Path("/home/someone/.cache/rheostat/grammars")
    assert grammar_directory({"XDG_CACHE_HOME": "relative"}) == usual
    assert grammar_directory({"RHEOSTAT_CACHE_DIR": ""}) == usual


def test_user_without_a_home_directory_builds_each_time(
    built: Built, monkeypatch: pytest.MonkeyPatch
) -> None:
    def homeless() -> Path:
        raise RuntimeError

    monkeypatch.setattr(Path, "home", homeless)
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.delenv("RHEOSTAT_CACHE_DIR", raising=False)
    assert load_parser(SMALL, **OPTIONS).parse("a 1").children == ["1"]
    assert load_parser(SMALL, **OPTIONS).parse("a 1").children == ["1"]
    assert len(built) == 2
