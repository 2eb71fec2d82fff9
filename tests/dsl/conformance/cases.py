"""Reads the corpus: cases in a readable text form, each a program, a recording and an episode.

README.md describes the form. A mistake in a file is an error with its place, so
that no case is skipped.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from harness.mdp.replay import BranchPool, NamedSignal, ReplayChain, permute_branches
from store.records import SignalScope

CORPUS = Path(__file__).parent / "corpus"

Number = int | float


@dataclass(frozen=True)
class Setting:
    """All that decides an episode besides the program."""

    chains: tuple[ReplayChain, ...] = ()
    interval: int = 100
    beta: float | None = None
    knobs: tuple[tuple[str, Number], ...] = ()
    seed: int = 0
    question: int = 0
    budget: int | None = None
    probe_cost: int = 0

    @property
    def branch_pool(self) -> BranchPool:
        """The recording whose chains this seed opens in the order in which they are written."""
        recorded: list[ReplayChain] = list(self.chains)
        for place, chain in zip(
            permute_branches(len(recorded), self.seed), self.chains, strict=True
        ):
            recorded[place] = chain
        return BranchPool(recorded, self.interval)

    def with_seed(self, seed: int) -> "Setting":
        """The same under another seed: the same chains in the same order, other draws."""
        return replace(self, seed=seed)


@dataclass(frozen=True)
class Case:
    """One case; which of the expectations it has depends on its kind."""

    name: str
    place: str
    setting: Setting
    program: str
    trace: tuple[str, ...] | None = None
    tokens: int | None = None
    sequential: int | None = None
    answer: str | None = None
    """What is expected where there is no trace."""
    twin: str | None = None
    """A second program, which must give the same episodes under every one of ``seeds``."""
    seeds: int = 0


class BadCase(Exception):
    """A file of the corpus does not keep to the form."""


@dataclass
class _Section:
    """A case or a deck as it is in the file."""

    name: str
    place: str
    setting: Setting = field(default_factory=Setting)
    own_chains: list[ReplayChain] = field(default_factory=list)
    blocks: dict[str, list[str]] = field(default_factory=dict)
    numbers: dict[str, int] = field(default_factory=dict)


def read_corpus() -> list[Case]:
    """Every case of every file, in order."""
    return [case for path in sorted(CORPUS.glob("*.cases")) for case in read_cases(path)]


def read_cases(path: Path) -> list[Case]:
    """The cases of one file."""
    return parse_cases(path.read_text(encoding="utf-8"), path.name)


def parse_cases(text: str, name: str) -> list[Case]:
    """The cases of a text.

    Raises:
        BadCase: with the file, the line and what is wrong.
    """
    branch_pools: dict[str, tuple[ReplayChain, ...]] = {}
    cases: list[Case] = []
    for section in _sections(text, name, branch_pools):
        chains = tuple(section.own_chains) or section.setting.chains
        section.setting = replace(section.setting, chains=chains)
        if section.name.startswith("deck "):
            branch_pools[section.name.removeprefix("deck ")] = chains
        else:
            cases += _cases(section)
    return cases


def _sections(
    text: str, name: str, branch_pools: dict[str, tuple[ReplayChain, ...]]
) -> Iterator[_Section]:
    section: _Section | None = None
    block: list[str] | None = None
    for number, line in enumerate(text.splitlines(), start=1):
        place = f"{name}:{number}"
        if line.startswith("=="):
            if section is not None:
                yield section
            section, block = _Section(line.removeprefix("==").strip(), place), None
        elif line.startswith("  ") and block is not None:
            block.append(line.removeprefix("  "))
        elif not line.strip():
            if block:
                block.append("")
        elif not line.startswith("#"):
            if section is None:
                raise BadCase(f"{place}: a line stands before the first `==`")
            block = _line(section, line.strip(), place, branch_pools)
    if section is not None:
        yield section


def _line(
    section: _Section, line: str, place: str, branch_pools: dict[str, tuple[ReplayChain, ...]]
) -> list[str] | None:
    """Takes in one line of a section; gives the block that it begins, if it begins one."""
    word, _, rest = line.partition(" ")
    if word in {"program", "values", "trace", "twin"} and not rest:
        return section.blocks.setdefault(word, [])
    try:
        if word == "chain":
            section.own_chains.append(_chain(rest))
        elif word == "deck":
            section.setting = replace(section.setting, chains=branch_pools[rest])
        elif word in {"tokens", "sequential", "seeds"}:
            section.numbers[word] = int(rest)
        elif word in {"interval", "seed", "question", "budget", "probe_cost"}:
            change: dict[str, Any] = {word: int(rest)}
            section.setting = replace(section.setting, **change)
        elif word == "beta":
            section.setting = replace(section.setting, beta=float(rest))
        elif word == "knob":
            knob, _, value = rest.partition(" ")
            number = float(value) if "." in value else int(value)
            knobs = (*section.setting.knobs, (knob, number))
            section.setting = replace(section.setting, knobs=knobs)
        else:
            raise BadCase(f"{place}: `{word}` begins no line of a case")
    except (ValueError, KeyError) as error:
        raise BadCase(f"{place}: {line!r} is not understood: {error}") from None
    return None


def _chain(text: str) -> ReplayChain:
    """``A A B | 350 B ; entropy 1.0 0.5 0.2 ; cut_off``: probes, tokens, final answer, the rest."""
    chain, *signals = text.split(";")
    cut_off = " cut_off" in signals
    signals = [signal for signal in signals if signal != " cut_off"]
    probes, _, end = chain.partition("|")
    tokens, final = end.split()
    columns: dict[str, Any] = {}
    named: dict[str, NamedSignal] = {}
    for name, *words in (signal.split() for signal in signals):
        values = tuple(map(float, words))
        stem, colon, scope = name.partition(":")
        if colon:
            named[stem] = NamedSignal(_SCOPES[scope], values)
        else:
            columns[name] = values
    answers = tuple(_answer(word) for word in probes.split())
    return ReplayChain(
        answers, int(tokens), _answer(final), cut_off=cut_off, signals=named, **columns
    )


_SCOPES: dict[str, SignalScope] = {"branch": "branch", "probe": "probe", "interval": "interval"}


def _answer(word: str) -> str:
    return "" if word == '""' else word


def _cases(section: _Section) -> list[Case]:
    program = "\n".join(section.blocks.get("program", ())).rstrip()
    if "values" in section.blocks:
        return _values(section, program)
    case = Case(
        section.name,
        section.place,
        section.setting,
        wrapped(program),
        tokens=section.numbers.get("tokens"),
        sequential=section.numbers.get("sequential"),
    )
    if "twin" in section.blocks:
        twin = wrapped("\n".join(section.blocks["twin"]).rstrip())
        return [replace(case, twin=twin, seeds=section.numbers["seeds"])]
    if "trace" not in section.blocks or case.tokens is None or case.sequential is None:
        raise BadCase(f"{section.place}: a case needs `trace`, `tokens` and `sequential`")
    trace = tuple(line.strip() for line in section.blocks["trace"] if line.strip())
    return [replace(case, trace=trace)]


def _values(section: _Section, program: str) -> list[Case]:
    """One case for each value: the program answers whether it holds."""
    cases = []
    for line in section.blocks["values"]:
        if not line.strip() or line.strip().startswith("#"):
            continue
        expression, arrow, wanted = line.rpartition(" -> ")
        if not arrow:
            raise BadCase(f"{section.place}: {line!r} has no `->`")
        condition = _condition(expression.strip(), wanted.strip())
        ending = f'finally {{ answer if {condition} then "holds" else "fails" }}'
        name = f"{section.name}: {line.strip()}"
        text = wrapped(f"{program}\n{ending}")
        cases.append(Case(name, section.place, section.setting, text, answer="holds"))
    return cases


def _condition(expression: str, wanted: str) -> str:
    """What must be true of a value; a set is taken apart, since sets are not compared."""
    if not wanted.startswith("["):
        return f"({expression}) == ({wanted})"
    members = wanted.strip("[]").split()
    parts = [f"count({expression}) == {len(members)}"]
    for place, member in enumerate(members):
        alone = f"(first {place + 1} of ({expression})) except (first {place} of ({expression}))"
        parts.append(f"max(.index of {alone}) == {member}")
    return " and ".join(parts)


def wrapped(sections: str) -> str:
    """A whole program around bare sections; a line of ``needs`` stays above it."""
    if re.search(r"^\s*controller\b", sections, re.MULTILINE):
        return sections
    needs = "\n".join(line for line in sections.splitlines() if line.startswith("needs "))
    rest = "\n".join(line for line in sections.splitlines() if not line.startswith("needs "))
    return f"{needs}\ncontroller case {{\n{rest}\n}}\n"
