"""Genetic programming on typed Rheo trees, without a language model.

Every resulting tree can be printed and passes the checker without errors or unused code, because
the operators know types, scopes and directions. Randomness comes from the generator that is passed
in, so the same seed gives the same programs.

| | |
| --- | --- |
| `vary`, `cross`, `generate` | mutate a program, cross two programs, generate a random program |
| `tidy`, `compute_size` | remove code without effect; measure the complexity of a program |
| `hoist_invariants` | compute values that are the same for every branch only once |
| `find_constants`, `with_constants` | read and replace the numbers of a program, for a tuner |
"""

from agents.variation.cleanup import compute_size, tidy
from agents.variation.crossover import cross
from agents.variation.hoisting import hoist_invariants
from agents.variation.mutation import generate, vary
from agents.variation.program_edit import ProgramVariant
from agents.variation.schedule_constants import ScheduleConstant, find_constants, with_constants

__all__ = [
    "ProgramVariant",
    "ScheduleConstant",
    "compute_size",
    "cross",
    "find_constants",
    "generate",
    "hoist_invariants",
    "tidy",
    "vary",
    "with_constants",
]
