"""Measures an import under math-verify: ``python -m tests.store.importing.measure``.

The file is made as Parallel-Probe's are, of 30 questions with 128 branches of up to 30 probes:
answers of HMMT's kinds, each written in several ways, and each branch wandering between a few of
them. It is imported twice with one cache of comparisons.
"""

import json
import tempfile
import time
from pathlib import Path
from random import Random

import click

from store.answers.equivalence import open_equivalence
from store.autotts import read_autotts
from store.environment import save
from store.importing.answers import distinct_answers, join_answers

SPELLINGS = (
    "{0}", " {0} ", "\\frac{{{0}}}{{{1}}}", "\\frac{{ {0} }}{{{1}}}", "{0}/{1}", "\\sqrt{{{0}}}",
    "\\sqrt {{{0}}}", "{1}\\sqrt{{{0}}}", "{0} + \\sqrt{{{1}}}", "\\sqrt{{{1}}}+{0}", "2^{{{1}}}",
    "({0}, {1})", "\\left({0},{1}\\right)", "{0}.5", "\\text{{{0}}}", "{0}\\pi",
)  # fmt: skip


def make_file(path: Path, questions: int, branches: int, probes: int) -> None:
    """Write a file of so many questions, branches of each, and probes at the most of each."""
    random = Random(0)
    released = []
    for number in range(questions):
        numbers = [random.randrange(2, 400) for _ in range(24)]
        answers = [
            random.choice(SPELLINGS).format(random.choice(numbers), random.randrange(2, 9))
            for _ in range(150)
        ]
        chains = []
        for _ in range(branches):
            course = random.choices(answers, k=5)
            count = random.randrange(probes // 2, probes + 1)
            found = [random.choice([*course, "ERR"]) for _ in range(count)]
            chains.append([found, 500 * count + 250, random.choice(course)])
        released.append(
            {
                "question": f"question {number}",
                "gold_answer": answers[0].strip(),
                "probe_freq": 500,
                "final_answers_trace": [final for _, _, final in chains],
                "each_branch": chains,
            }
        )
    path.write_text(json.dumps(released))


@click.command()
@click.option("--questions", default=30, show_default=True)
@click.option("--branches", default=128, show_default=True)
@click.option("--probes", default=30, show_default=True)
def measure(questions: int, branches: int, probes: int) -> None:
    """Imports a file under exact equivalence, and under math-verify without and with a cache."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "hmmt25" / "simulated.json"
        path.parent.mkdir()
        make_file(path, questions, branches, probes)
        environment = read_autotts(path)
        answers = sum(len(distinct_answers(item)) for item in environment.items)
        click.echo(f"{answers:,} distinct answers, {path.stat().st_size / 1e6:.1f} MB")
        for turn, name in enumerate(("exact", "math-verify", "math-verify")):
            start = time.perf_counter()
            with open_equivalence(name, cache=Path(folder) / "cache") as equivalence:
                environment = read_autotts(path)
                compared = time.perf_counter()
                done = join_answers(environment, equivalence)
                seconds = time.perf_counter() - compared
            save(done.environment, Path(folder) / f"{turn}.recording")
            whole = time.perf_counter() - start
            click.echo(
                f"{name}: {whole:.1f} s, of which {seconds:.1f} s compare"
                f" {answers / seconds:,.0f} answers a second; merged"
                f" {done.joined.finals:,} of {done.joined.of_finals:,} final answers"
            )


if __name__ == "__main__":
    measure()
