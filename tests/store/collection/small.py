"""A small collection from the make-believe model, for tests that look at what comes of one."""

import msgspec

from store.answers.equivalence import Exact
from store.answers.extraction import extractor
from store.collection.forcing import FAMILIES
from store.collection.preparation import Work
from store.collection.probing import Reading
from store.collection.questions import Asked
from store.collection.requests import Drawing, Probing
from store.collection.settings import Settings

ASKED = [Asked("a", "how many?", "3"), Asked("b", "how much?", "4")]
DRAWING = Drawing(interval=40, max_tokens=200, seed=3)
SETTINGS = Settings(
    benchmark="small",
    drawing=DRAWING,
    probing=Probing(max_tokens=8, stop=["\n"]),
    forcing=FAMILIES["think"],
    token_ids=True,
)
READING = Reading(extractor("boxed"), Exact())


def work(branches: int = 6, group: int = 4, **changed: object) -> Work:
    """The collection, with other settings than the usual where some are given."""
    settings = msgspec.structs.replace(SETTINGS, **changed)
    return Work(settings, ASKED, branches, None, group)
