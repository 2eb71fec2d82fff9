"""A small collection from the make-believe model, for tests that look at what comes of one."""

import msgspec

from store.answers.equivalence import Exact
from store.answers.extraction import extractor
from store.collection.draw_requests import DrawSettings, ProbeSettings
from store.collection.preparation import CollectionPlan
from store.collection.probing import AnswerRules
from store.collection.questions import CollectionQuestion
from store.collection.settings import Settings
from store.forcing import FAMILIES

ASKED = [CollectionQuestion("a", "how many?", "3"), CollectionQuestion("b", "how much?", "4")]
DRAWING = DrawSettings(interval=40, max_tokens=200, seed=3)
SETTINGS = Settings(
    benchmark="small",
    drawing=DRAWING,
    probing=ProbeSettings(max_tokens=8, stop=["\n"]),
    forcing=FAMILIES["think"],
    token_ids=True,
)
READING = AnswerRules(extractor("boxed"), Exact())


def work(branches: int = 6, group: int = 4, **changed: object) -> CollectionPlan:
    """The collection, with other settings than the usual where some are given."""
    settings = msgspec.structs.replace(SETTINGS, **changed)
    return CollectionPlan(settings, ASKED, branches, None, group)
