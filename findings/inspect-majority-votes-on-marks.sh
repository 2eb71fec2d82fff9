#!/usr/bin/env bash
# Guess:    inspect_ai's reducers over epochs, `mode` and `majority`, give maj@k: the answer that most
#           epochs give is the task's answer, and it is right or wrong.
# Happens:  both vote on the marks, not on the answers. With the answers 42, 42, 1, 2, 3 and the
#           target 42, `mode` finds three wrong marks and scores 0, where self-consistency answers
#           42. With 42, 42, 7, 7 `majority` gives no score, and the question leaves the accuracy:
#           with one such question and one that is right in three of four epochs it is 1.0.
# Matters:  a baseline of self-consistency that is read from such a log is too low where wrong
#           answers scatter, which is where more samples help, and too high where votes tie. Count
#           the votes over the answers in the samples instead.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv env
env/bin/pip install --quiet --disable-pip-version-check inspect_ai==0.3.285
env/bin/python - <<'PY'
from collections import Counter
from importlib.metadata import version

from inspect_ai import Epochs, Task, eval
from inspect_ai.dataset import Sample
from inspect_ai.model import ModelOutput
from inspect_ai.scorer import match
from inspect_ai.solver import Generate, Solver, TaskState, solver


@solver
def recorded() -> Solver:
    """Give every epoch the answer that its question has for it, without a model."""

    async def solve(state: TaskState, generate: Generate) -> TaskState:
        answer = state.metadata["answers"][state.epoch - 1]
        state.output = ModelOutput.from_content("recorded", answer)
        return state

    return solve


def run(reducer: str, *questions: list[str]) -> tuple[float, list[Counter[str]]]:
    """Score questions whose epochs give these answers; return accuracy and votes."""
    task = Task(
        dataset=[
            Sample(id=number, input="What is 6 times 7?", target="42", metadata={"answers": given})
            for number, given in enumerate(questions)
        ],
        solver=recorded(),
        scorer=match(numeric=True),
        epochs=Epochs(len(questions[0]), reducer),
    )
    [log] = eval(task, model="mockllm/model", log_dir="logs", display="none")
    votes = [Counter() for _ in questions]
    for sample in log.samples:
        votes[sample.id][sample.scores["match"].answer] += 1
    return log.results.scores[0].metrics["accuracy"].value, votes


print("inspect_ai", version("inspect_ai"))
accuracy, [votes] = run("mode", ["42", "42", "1", "2", "3"])
print("mode:", dict(votes), "accuracy", accuracy)
assert votes.most_common(1) == [("42", 2)], votes
assert accuracy == 0.0, accuracy
accuracy, [clear, tie] = run("majority", ["42", "42", "42", "7"], ["42", "42", "7", "7"])
print("majority:", dict(clear), dict(tie), "accuracy", accuracy)
assert clear == {"42": 3, "7": 1} and tie == {"42": 2, "7": 2}, (clear, tie)
assert accuracy == 1.0, accuracy
PY
