"""One round of evolution: batches of variants, played together and inserted in order."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from random import Random
from typing import Any, NamedTuple, Protocol

from agents.evolution.archive import EliteArchive
from agents.evolution.islands import ISLAND_KINDS, InsertionOutcome, Island
from agents.evolution.members import (
    Member,
    ProgramOrigin,
    create_member,
    parse_sound_program,
    score_overall,
)
from agents.search.measurements import ProgramScore
from agents.variation import ProgramVariant, cross, hoist_invariants, vary
from dsl.formatter import print_tree

BROOD_SIZE = 10
"""Variants that each island makes per batch."""

CROSSOVER_PROBABILITY = 0.25
"""Fraction of variants that come from crossover."""

SECOND_MUTATION_PROBABILITY = 0.3
"""Fraction of variants that are mutated twice before they are played, to cross fitness valleys."""

MIGRATION = 3
"""Number of batches between migrations."""

TRIES = 12
"""Retries if a drawn operator does not apply to the program."""

STEPS = 8
"""Latest operators that an origin remembers."""

CLOSELY = 6
"""Variants of a batch that are played closely: those with the largest gain over their parents."""


class BatchEvaluator(Protocol):
    """Play programs, screened or closely; ``None`` beyond the allowance."""

    def __call__(
        self, sources: Sequence[str], *, thorough: bool = False
    ) -> list[ProgramScore | None]:
        """Return the score of each program."""
        ...


class _PendingVariant(NamedTuple):
    """A variant that was not played yet."""

    island: int
    operator: str
    origin: ProgramOrigin
    parent: Member


class Evolution:
    """Islands and archive of one round.

    Args:
        random: Random source of the search.
        play: Function that plays programs.
    """

    def __init__(self, random: Random, play: BatchEvaluator):
        self._random = random
        self._play = play
        self.islands = [Island(kind) for kind in ISLAND_KINDS]
        self.archive = EliteArchive()
        self._seen: set[str] = set()
        self._tried: Counter[str] = Counter()
        self._improved: Counter[str] = Counter()
        self._fates: Counter[str] = Counter()
        self._broods = 0

    def settle(
        self, populations: Sequence[Sequence[ProgramOrigin]], newcomers: Sequence[ProgramOrigin]
    ) -> None:
        """Play earlier programs on this round's shown part, and offer newcomers to every island.

        Args:
            populations: Programs of each island.
            newcomers: Programs for every island.
        """
        everyone = list(dict.fromkeys([*newcomers, *(o for each in populations for o in each)]))
        played = self._members(everyone)
        for place, island in enumerate(self.islands):
            own = populations[place] if place < len(populations) else []
            for origin in (*newcomers, *own):
                found = played.get(origin.source)
                if found is not None:
                    island.take(found)
                    self.archive.take(found)

    def remember(self, archived: Iterable[ProgramOrigin]) -> None:
        """Play the archive of the previous round and insert it."""
        for found in self._members(list(archived)).values():
            self.archive.take(found)

    def brood(self, allowance: int) -> bool:
        """Make, play and insert variants on every island; return ``False`` if none was played.

        All variants are first screened under few seeds, where luck outweighs small gains. Those
        with the largest gain over their screened parents are played closely, and only they can
        enter an island.

        Args:
            allowance: Programs that may still be played, including close plays.
        """
        each_island = min(BROOD_SIZE, max(1, (allowance - CLOSELY) // len(self.islands)))
        made = [
            each for place in range(len(self.islands)) for each in self._made(place, each_island)
        ]
        looked = [(gain, each) for gain, each in self._gains(made) if gain is not None]
        looked.sort(
            key=lambda pair: -pair[0]
        )  # the sort is stable, so ties go to the earlier variant
        self._fates["not better at first sight"] += max(0, len(looked) - CLOSELY)
        chosen = [each for _, each in looked[:CLOSELY]]
        worths = self._play([each.origin.source for each in chosen], thorough=True)
        for each, worth in zip(chosen, worths, strict=True):
            if worth is not None:
                self._take(each, create_member(each.origin, worth))
        self._broods += 1
        if self._broods % MIGRATION == 0:
            self._migrate()
        return bool(looked)

    @property
    def ranked(self) -> list[Member]:
        """Return the programs of all islands, each behaviour once: the best of each island first.

        Islands differ in fitness, so the first few programs are good in different ways.
        """
        everyone = [each for island in self.islands for each in island.members]
        ranked = sorted(everyone, key=score_overall, reverse=True)
        champions = {island.kind.name: island.best for island in self.islands if island.members}
        found: dict[bytes, Member] = {}
        for each in (*ranked[:1], *champions.values(), *ranked):
            found.setdefault(each.signature, each)
        return list(found.values())

    @property
    def diagnostics(self) -> Mapping[str, Any]:
        """Return diagnostics of the search."""
        return {
            "tried": sum(self._tried.values()),
            "fates": dict(sorted(self._fates.items())),
            "operators": {
                name: {"tried": count, "improved": self._improved[name]}
                for name, count in sorted(self._tried.items())
            },
            "islands": [
                {
                    "fit": island.kind.name,
                    "programs": len(island.members),
                    "best": round(island.kind.fitness(island.best), 3) if island.members else None,
                    "descents": len({each.origin.root for each in island.members}),
                }
                for island in self.islands
            ],
            "archive": len(self.archive),
        }

    def _members(self, origins: Sequence[ProgramOrigin]) -> dict[str, Member]:
        """Score programs by source; those that could not be played are left out."""
        wanted = list({origin.source: origin for origin in origins}.values())
        self._seen.update(origin.source for origin in wanted)
        worths = self._play([origin.source for origin in wanted], thorough=True)
        return {
            origin.source: create_member(origin, worth)
            for origin, worth in zip(wanted, worths, strict=True)
            if worth is not None
        }

    def _gains(self, made: Sequence[_PendingVariant]) -> list[tuple[float | None, _PendingVariant]]:
        """Return each variant's screened gain over its parent; ``None`` if it was not played."""
        own = self._play([each.origin.source for each in made])
        parents = self._play([each.parent.origin.source for each in made])
        found: list[tuple[float | None, _PendingVariant]] = []
        for each, worth, parent in zip(made, own, parents, strict=True):
            self._tried[each.operator] += 1
            if worth is None or parent is None:
                self._fates["not played"] += 1
                found.append((None, each))
                continue
            fitness = self.islands[each.island].kind.fitness
            before = create_member(each.parent.origin, parent)
            found.append((fitness(create_member(each.origin, worth)) - fitness(before), each))
        return found

    def _made(self, place: int, count: int) -> list[_PendingVariant]:
        found = []
        for _ in range(count):
            one = self._one(place)
            if one is not None:
                found.append(one)
        return found

    def _one(self, place: int) -> _PendingVariant | None:
        """Create a variant that was not seen before."""
        island = self.islands[place]
        if not island.members:
            return None
        for _ in range(TRIES):
            parent = island.pick(self._random)
            variant = self._variant(parent)
            if variant is None:
                self._fates["no place"] += 1
                continue
            source = print_tree(hoist_invariants(variant.program))
            if source in self._seen:
                self._fates["met before"] += 1
                continue
            self._seen.add(source)
            steps = (*parent.origin.steps, variant.summary)[-STEPS:]
            origin = ProgramOrigin(source, parent.origin.root, steps)
            return _PendingVariant(place, variant.operator, origin, parent)
        return None

    def _variant(self, parent: Member) -> ProgramVariant | None:
        random = self._random
        tree = parse_sound_program(parent.origin.source)
        if random.random() < CROSSOVER_PROBABILITY:
            first = cross(
                tree, parse_sound_program(self.archive.pick(random).origin.source), random
            )
        else:
            first = vary(tree, random)
        if first is None or random.random() >= SECOND_MUTATION_PROBABILITY:
            return first
        second = vary(first.program, random)
        if second is None:
            return first
        return ProgramVariant(second.program, first.operator, f"{first.summary}; {second.summary}")

    def _take(self, made: _PendingVariant, found: Member) -> None:
        island = self.islands[made.island]
        fitness = island.kind.fitness
        if fitness(found) > fitness(made.parent):
            self._improved[made.operator] += 1
        fate = island.take(found)
        self._fates[fate.value] += 1
        if fate is not InsertionOutcome.IDLE:
            self.archive.take(found)

    def _migrate(self) -> None:
        best = [island.best for island in self.islands if island.members]
        for place, migrant in enumerate(best):
            self.islands[(place + 1) % len(self.islands)].take(migrant)
