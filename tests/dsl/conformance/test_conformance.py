"""Every implementation of Rheo gives what the corpus says, case by case."""

import pytest

from dsl.episode import Answer
from dsl.program import load_checked_program
from dsl.source import Source
from tests.dsl.conformance.cases import Case, read_corpus
from tests.dsl.conformance.engines import ENGINES, Engine, Told
from tests.dsl.conformance.traces import word, written

ACTING = ("open", "advance", "extend", "probe", "sample")
"""Words of the verbs in which a budget can end."""

CASES = read_corpus()
engines = pytest.mark.parametrize("engine", ENGINES.values(), ids=ENGINES)


def of_kind(*, twin: bool = False, trace: bool = False) -> pytest.MarkDecorator:
    chosen = [
        case
        for case in CASES
        if (case.twin is not None) == twin and (case.trace is not None) == trace
    ]
    ids = [f"{case.place.removesuffix('.cases')} {case.name}" for case in chosen]
    return pytest.mark.parametrize("case", chosen, ids=ids)


def told(engine: Engine, case: Case, program: str, seed: int | None = None) -> Told:
    checked = load_checked_program(Source(program, case.place))
    setting = case.setting if seed is None else case.setting.with_seed(seed)
    return engine(checked, setting)


@engines
@of_kind(trace=True)
def test_episode_matches_the_corpus(case: Case, engine: Engine) -> None:
    got = told(engine, case, case.program)
    assert case.trace is not None
    last = case.trace[-1].partition(" because ")[0]
    assert last == ("answer none" if got.answer is None else f'answer "{got.answer}"')
    assert (got.tokens, got.sequential) == (case.tokens, case.sequential)
    if got.trace is not None:
        assert written(got.trace) == list(case.trace)


@engines
@of_kind()
def test_value_matches_the_corpus(case: Case, engine: Engine) -> None:
    assert told(engine, case, case.program).answer == case.answer


@engines
@of_kind(twin=True)
def test_programs_with_the_same_draws_play_the_same(case: Case, engine: Engine) -> None:
    assert case.twin is not None
    answers = set()
    for seed in range(case.seeds):
        first = told(engine, case, case.program, seed)
        second = told(engine, case, case.twin, seed)
        assert first[:4] == second[:4]
        answers.add(first.answer)
    assert len(answers) > 1, "every seed gives the same, so nothing is shown"


@of_kind(trace=True)
def test_hindsight_is_the_same_on_every_engine(case: Case) -> None:
    expected, *others = (told(engine, case, case.program) for engine in ENGINES.values())
    for other in others:
        assert other.hindsight == expected.hindsight


@of_kind(trace=True)
def test_every_traced_verb_has_its_source_position(case: Case) -> None:
    lines = case.program.splitlines()
    for barrier in told(ENGINES["interpreter"], case, case.program).trace or ():
        origin = barrier.verb.origin
        if origin is None:
            assert word(barrier.verb) == "answer", "only the answer that nothing gives has no place"
        else:
            assert lines[origin.line - 1][origin.column - 1 :].startswith(word(barrier.verb))


@of_kind(trace=True)
def test_answer_records_where_the_episode_ended(case: Case) -> None:
    trace = told(ENGINES["interpreter"], case, case.program).trace or ()
    answer = trace[-1].verb
    assert isinstance(answer, Answer)
    if len(trace) > 1 and trace[-2].exhausted:
        assert answer.stopped == trace[-2].verb.origin
    elif answer.stopped is not None:
        line = case.program.splitlines()[answer.stopped.line - 1][answer.stopped.column - 1 :]
        ends = ("stop",) if case.setting.budget is None else ("stop", *ACTING)
        assert line.startswith(ends)
