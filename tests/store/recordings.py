"""Recordings to test with: any valid one, by hypothesis, and one of each feature, by hand."""

from functools import cache
from pathlib import Path
from typing import NamedTuple, TypeVar

from hypothesis import strategies as st
from msgspec.structs import replace

from store.reader import Recording, open_recording
from store.records import (
    Branch,
    Greedy,
    Probes,
    Provenance,
    Question,
    Sampling,
    SignalDeclaration,
)
from store.writer import RecordingWriter

T = TypeVar("T")


class Content(NamedTuple):
    """All that one recording holds."""

    provenance: Provenance
    questions: tuple[Question, ...]
    branches: list[list[Branch]]


PROVENANCE = Provenance(
    model="a-model", benchmark="a-benchmark", interval=500, collector="test 1",
    sampling=Sampling(temperature=0.6, top_k=20, extra={"min_p": 0.0, "a": "b"}),
)  # fmt: skip


def sample(questions: int = 3, branches: int = 4) -> Content:
    """A small recording in which every optional part of a branch is present."""
    return Content(
        PROVENANCE,
        tuple(
            Question(
                id=f"q{number}", gold="7", text="how many?", greedy=Greedy(answer="7", tokens=9)
            )
            for number in range(questions)
        ),
        [[_branch(number, index) for index in range(branches)] for number in range(questions)],
    )


def _branch(number: int, index: int) -> Branch:
    probes = (number + index) % 3
    return Branch(
        answers=[f"a{(index + k) % 2}" for k in range(probes)],
        tokens=500 * probes + index,
        final="7",
        finish="stop",
        seed=index,
        raw=["it is ü"] * probes,
        final_raw="it is 7",
        probe_tokens=[3 + k for k in range(probes)],
        entropy=[0.5 / (k + 1) for k in range(probes)],
        logprob=[-0.25] * (probes + index % 2),
        top_logprob=[-float("inf")] * probes,
        text="One. Two.\n\nThree.",
        token_ids=[1, 70_000, index],
        sentences=[4, 9],
        paragraphs=[11],
    )


def append(writer: RecordingWriter, content: Content) -> None:
    """Appends questions and branches, in order."""
    for question, branches in zip(content.questions, content.branches, strict=True):
        writer.add_question(question)
        for index, branch in enumerate(branches):
            writer.add_branch(question.id, index, branch)


def write(path: Path, content: Content) -> str:
    """Writes and seals; returns the digest."""
    with RecordingWriter.create(path, content.provenance) as writer:
        append(writer, content)
        return writer.seal()


def read(recording: Recording) -> Content:
    """All that a recording holds."""
    count = len(recording.questions)
    branches = [recording.branches(number) for number in range(count)]
    return Content(recording.provenance, recording.questions, branches)


def read_all(path: Path) -> Content:
    """Opens, checks every byte, and reads all."""
    recording = open_recording(path)
    recording.verify()
    return read(recording)


_words = st.text(max_size=6)
_tokens = st.integers(0, 1 << 48)
_maybe_words = st.none() | _words


def _sampling() -> st.SearchStrategy[Sampling]:
    finite = st.floats(allow_nan=False, allow_infinity=False)
    numbers = st.integers(-(1 << 63), (1 << 64) - 1)
    return st.builds(
        Sampling,
        temperature=st.none() | finite, top_p=st.none() | finite, top_k=st.none() | numbers,
        max_tokens=st.none() | numbers, seed=st.none() | numbers,
        extra=st.dictionaries(_words, _words | numbers | finite | st.booleans(), max_size=3),
    )  # fmt: skip


def _probes() -> st.SearchStrategy[Probes]:
    return st.builds(
        Probes,
        end=_words, ask=_words, mark=_words, max_tokens=st.integers(0, 99),
        stop=st.lists(_words, max_size=2), regex=_maybe_words, choices=st.booleans(),
    )  # fmt: skip


# A strategy that is built once is validated once: to build them takes longer than to draw.
@cache
def _provenances(probed: bool) -> st.SearchStrategy[Provenance]:
    return st.builds(
        Provenance,
        model=_words, benchmark=_words, interval=st.integers(1, 1 << 48), collector=_words,
        source=_maybe_words, forcing=_maybe_words, sampling=_sampling(),
        equivalence=st.sampled_from(["exact", "other"]), licence=_maybe_words,
        simulated=st.booleans(), probed=st.just(probed), stepwise=st.booleans(),
        engine=_maybe_words, seeding=_maybe_words, probes=st.none() | _probes(),
        template=st.dictionaries(_words, _words | st.integers(0, 9) | st.booleans(), max_size=2),
        signals=_declarations(),
    )  # fmt: skip


def _declarations() -> st.SearchStrategy[dict[str, SignalDeclaration]]:
    declaration = st.builds(
        SignalDeclaration,
        scope=st.sampled_from(["branch", "probe", "interval"]), meaning=_maybe_words,
        unit=_maybe_words, direction=st.sampled_from([None, "higher", "lower"]),
        source=_maybe_words,
    )  # fmt: skip
    return st.dictionaries(st.sampled_from(["reward", "_x", "Zeta9"]), declaration, max_size=2)


@st.composite
def _with_signals(
    draw: st.DrawFn, branch: Branch, declared: dict[str, SignalDeclaration]
) -> Branch:
    """The branch with values of some of the declared signals."""
    probes = len(branch.answers)
    reals = st.floats(allow_nan=False, allow_infinity=False)
    lengths = {
        "branch": (1, 1), "probe": (probes, probes), "interval": (max(1, probes), probes + 1),
    }  # fmt: skip
    signals = {}
    for name, declaration in declared.items():
        if draw(st.integers(0, 3)):
            least, most = lengths[declaration.scope]
            signals[name] = draw(st.lists(reals, min_size=least, max_size=most))
    return replace(branch, signals=signals)


@cache
def _questions() -> st.SearchStrategy[list[Question]]:
    question = st.builds(
        Question,
        id=st.text(min_size=1, max_size=6), gold=_words, text=_maybe_words,
        choices=st.none() | st.lists(_words, max_size=3),
        greedy=st.none() | st.builds(Greedy, answer=_words, tokens=_tokens),
        difficulty=st.none() | st.integers(0, 100),
        prompt_ids=st.none() | st.lists(_tokens, max_size=3),
    )  # fmt: skip
    return st.lists(question, min_size=1, max_size=3, unique_by=lambda question: question.id)


@st.composite
def branches(draw: st.DrawFn, probed: bool = True) -> Branch:
    """Any valid branch."""
    branch = draw(_branches(draw(st.integers(0, 4 if probed else 0))))
    if branch.text is None:
        return branch
    ends = _ends(len(branch.text))
    return replace(branch, sentences=draw(ends), paragraphs=draw(ends))


@cache
def _branches(probes: int) -> st.SearchStrategy[Branch]:
    """Branches with a number of probes, without the ends of sentences and paragraphs."""
    reals = st.floats(allow_nan=False)

    def each(items: st.SearchStrategy[T], more: int = 0) -> st.SearchStrategy[list[T] | None]:
        return st.none() | st.lists(items, min_size=probes, max_size=probes + more)

    return st.builds(
        Branch,
        answers=st.lists(_words, min_size=probes, max_size=probes),
        tokens=_tokens,
        final=_words,
        finish=_maybe_words,
        seed=st.none() | st.integers(-(1 << 63), (1 << 64) - 1),
        raw=each(_words),
        final_raw=_maybe_words,
        probe_tokens=each(_tokens),
        entropy=each(reals),
        logprob=each(reals, 1),
        top_logprob=each(reals, 1),
        text=st.none() | st.text(max_size=20),
        token_ids=st.none() | st.lists(_tokens, max_size=4),
        sentences=st.none(),
        paragraphs=st.none(),
    )


@cache
def _ends(length: int) -> st.SearchStrategy[list[int] | None]:
    """Ends of sentences or paragraphs of a text."""
    return st.none() | st.lists(st.integers(0, length), max_size=4).map(sorted)


@st.composite
def contents(draw: st.DrawFn) -> Content:
    """Any valid recording, small."""
    probed = draw(st.booleans())
    questions = draw(_questions())
    provenance = draw(_provenances(probed))
    rows = [draw(st.lists(branches(probed), min_size=1, max_size=3)) for _ in questions]
    named = [[draw(_with_signals(branch, provenance.signals)) for branch in row] for row in rows]
    return Content(provenance, tuple(questions), named)
