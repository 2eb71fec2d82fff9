"""Genetic programming on typed Rheo trees, without a language model.

Every tree that comes out of here prints, and the checker has nothing to say of it, warnings
included: the operators know types, scopes and directions. Chance comes from the source that is
passed in, so the same seed gives the same programs.

| | |
| --- | --- |
| `vary`, `cross`, `generate` | a mutation, a crossing, a program at random |
| `tidy`, `size` | a program without what has no effect; how complex it is |
| `hoisted` | what is the same for every branch computed once: the same program, faster |
| `constants`, `with_constants` | the numbers of a program, for what fits them |
"""

from agents.variation.constants import Constant, constants, with_constants
from agents.variation.crossing import cross
from agents.variation.draft import Variant
from agents.variation.generating import generate
from agents.variation.hoisting import hoisted
from agents.variation.tidying import size, tidy
from agents.variation.varying import vary

__all__ = [
    "Constant",
    "Variant",
    "constants",
    "cross",
    "generate",
    "hoisted",
    "size",
    "tidy",
    "vary",
    "with_constants",
]
