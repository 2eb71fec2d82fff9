"""The syntax tree of an allocation: frozen nodes over the expressions of `dsl.tree`."""

from dataclasses import dataclass
from typing import TypeAlias

from dsl.tree import Expression, Identifier, Node, Text


@dataclass(frozen=True, slots=True, eq=False)
class Budget(Node):
    """``budget e``."""

    value: Expression


@dataclass(frozen=True, slots=True, eq=False)
class Model(Node):
    """``model = e``: a text, or a choice between texts."""

    value: Expression


@dataclass(frozen=True, slots=True, eq=False)
class Samples(Node):
    """``samples = e``."""

    value: Expression


@dataclass(frozen=True, slots=True, eq=False)
class Governor(Node):
    """``controller = NAME at beta = e``; without the β it is that of the allocation."""

    name: Identifier
    beta: Expression | None


Setting: TypeAlias = Model | Samples | Governor


@dataclass(frozen=True, slots=True, eq=False)
class StageBlock(Node):
    """``stage NAME { … }``."""

    name: Identifier
    settings: tuple[Setting, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Allocation(Node):
    """A whole file: one allocation."""

    name: Identifier
    title: Text | None
    entries: tuple[Budget | StageBlock, ...]

    @property
    def stages(self) -> list[StageBlock]:
        """Its stages, in order."""
        return [each for each in self.entries if isinstance(each, StageBlock)]

    @property
    def budgets(self) -> list[Budget]:
        """The budget settings; a sound program has exactly one."""
        return [each for each in self.entries if isinstance(each, Budget)]
