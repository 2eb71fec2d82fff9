"""Genetic programming on typed Rheo trees, without a language model.

Every tree that comes out of here prints, and the checker has nothing to say of it, warnings
included: the operators know types, scopes and directions. Chance comes from the source that is
passed in, so the same seed gives the same programs.

| | |
| --- | --- |
| `vary`, `cross`, `generate` | a mutation, a crossing, a program at random |
| `tidy`, `compute_size` | a program without what has no effect; how complex it is |
| `hoist_invariants` | what is the same for every branch computed once: the same program, faster |
| `find_constants`, `with_constants` | the numbers of a program, for what fits them |
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
