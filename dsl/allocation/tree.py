"""The syntax tree of an allocation: frozen nodes over the expressions of `dsl.tree`."""

from typing import TypeAlias

from dsl.tree import Expression, Identifier, Node, Text


class Budget(Node, frozen=True):
    """``budget e``."""

    value: Expression


class Model(Node, frozen=True):
    """``model = e``: a text, or a choice between texts."""

    value: Expression


class Samples(Node, frozen=True):
    """``samples = e``."""

    value: Expression


class Governor(Node, frozen=True):
    """``controller = NAME at beta = e``; without the β it is that of the allocation."""

    name: Identifier
    beta: Expression | None


Setting: TypeAlias = Model | Samples | Governor


class StageBlock(Node, frozen=True):
    """``stage NAME { … }``."""

    name: Identifier
    settings: tuple[Setting, ...]


class Allocation(Node, frozen=True):
    """A whole file: one allocation."""

    name: Identifier
    title: Text | None
    entries: tuple[Budget | StageBlock, ...]

    @property
    def stages(self) -> list[StageBlock]:
        """Its stages, in order."""
        return [entry for entry in self.entries if isinstance(entry, StageBlock)]

    @property
    def budgets(self) -> list[Budget]:
        """The budget settings; a sound program has exactly one."""
        return [entry for entry in self.entries if isinstance(entry, Budget)]
