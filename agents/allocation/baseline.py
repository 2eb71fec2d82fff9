"""Where a search begins: one sample of a large model in each stage."""

from harness.allocation.space import Space
from store.pipelines.records import Choice, Choices


def baseline(space: Space) -> Choices:
    """One sample of the largest model in each stage, as the published first trials have it.

    Where that is not affordable, from the first stage on the largest model that is: at the least
    the smallest one.
    """
    choices = space.least
    for at, models in enumerate(space.models):
        for model in reversed(models):
            made = (*choices[:at], Choice(model, 1), *choices[at + 1 :])
            if space.affords(made):
                choices = made
                break
    return choices
