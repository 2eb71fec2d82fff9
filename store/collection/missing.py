"""Branches that a server cannot give: each is named, and so many of them may be left out."""

from collections.abc import Mapping, Sequence

from store.serving.errors import ServingError

HINT = (
    "use --allow-missing N to finish the recording without branches that cannot be sampled; it"
    " records which are missing"
)


class MissingBranches:
    """The branches that could not be had, up to a number of them.

    Args:
        allowed: how many there may be.
    """

    def __init__(self, allowed: int):
        self.allowed = allowed
        self._reasons: dict[str, dict[int, str]] = {}

    def __len__(self) -> int:
        return sum(map(len, self._reasons.values()))

    @property
    def indexes(self) -> Mapping[str, frozenset[int]]:
        """The branches' indexes, by the question's id."""
        return {question: frozenset(reasons) for question, reasons in self._reasons.items()}

    @property
    def reasons(self) -> list[str]:
        """A sentence for each, by question and index."""
        return [
            f"{describe_branches(question, [index])}: {by_index[index]}"
            for question, by_index in self._reasons.items()
            for index in sorted(by_index)
        ]

    def add(self, question: str, index: int, reason: str) -> None:
        """Enter a branch, whether or not it is allowed to be missing.

        Args:
            question: the question's id.
            index: index of the branch.
            reason: why the branch is missing.
        """
        self._reasons.setdefault(question, {})[index] = reason

    def give_up(self, question: str, indexes: Sequence[int], error: ServingError) -> None:
        """Enter branches that the server does not give.

        Args:
            question: the question's id.
            indexes: indexes of the branches.
            error: the error of the server.

        Raises:
            ServingError: ``error``, with the branches' names, where more would be missing than may.
        """
        problem = error.problem
        if len(self) + len(indexes) > self.allowed:
            error.add_subject(describe_branches(question, indexes))
            error.add_note(HINT)
            raise error
        for index in indexes:
            self.add(question, index, problem)


def describe_branches(question: str, indexes: Sequence[int]) -> str:
    """Name some branches of a question in a message."""
    if not indexes:
        return f"question {question!r}"
    if len(indexes) == 1:
        return f"question {question!r}, branch {indexes[0]}"
    return f"question {question!r}, branches {min(indexes)} to {max(indexes)}"
