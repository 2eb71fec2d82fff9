"""One round of evolution: batches of variants, played together and inserted in order."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from random import Random
from typing import Any, NamedTuple, Protocol

from agents.evolution.population import (
    ISLAND_KINDS,
    EliteArchive,
    InsertionOutcome,
    Island,
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
"""The most attempts to create a variant, in case an operator does not apply."""

STEPS = 8
"""Latest operators that an origin remembers."""

FINALISTS = 6
"""Variants of a batch that are played under the seeds of a review: those with the largest gains."""


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
        signals: The named signals that the recordings have, which variants may read.
    """

    def __init__(self, random: Random, play: BatchEvaluator, signals: Collection[str] = ()):
        self._random = random
        self._signals = signals
        self._play = play
        self.islands = [Island(kind) for kind in ISLAND_KINDS]
        self.archive = EliteArchive()
        self._known_sources: set[str] = set()
        self._tried: Counter[str] = Counter()
        self._improved: Counter[str] = Counter()
        self._outcomes: Counter[str] = Counter()
        self._broods = 0

    def settle(
        self, populations: Sequence[Sequence[ProgramOrigin]], newcomers: Sequence[ProgramOrigin]
    ) -> None:
        """Play earlier programs on this round's shown part, and offer newcomers to every island.

        Args:
            populations: Programs of each island.
            newcomers: Programs for every island.
        """
        origins = list(
            dict.fromkeys([*newcomers, *(o for population in populations for o in population)])
        )
        played = self._members(origins)
        for index, island in enumerate(self.islands):
            own = populations[index] if index < len(populations) else []
            for origin in (*newcomers, *own):
                member = played.get(origin.source)
                if member is not None:
                    island.take(member)
                    self.archive.take(member)

    def remember(self, archived: Iterable[ProgramOrigin]) -> None:
        """Play the archive of the previous round and insert it."""
        for member in self._members(list(archived)).values():
            self.archive.take(member)

    def brood(self, allowance: int) -> bool:
        """Make, play and insert variants on every island; return ``False`` if none was played.

        All variants are first screened under few seeds, where luck outweighs small gains. Those
        with the largest gain over their screened parents are played closely, and only they can
        enter an island.

        Args:
            allowance: Programs that may still be played, including close plays.
        """
        per_island = min(BROOD_SIZE, max(1, (allowance - FINALISTS) // len(self.islands)))
        pending = [
            variant
            for index in range(len(self.islands))
            for variant in self._create_variants(index, per_island)
        ]
        screened = [(gain, variant) for gain, variant in self._gains(pending) if gain is not None]
        screened.sort(
            key=lambda pair: -pair[0]
        )  # the sort is stable, so ties go to the earlier variant
        self._outcomes["not better in the first comparison"] += max(0, len(screened) - FINALISTS)
        chosen = [variant for _, variant in screened[:FINALISTS]]
        scores = self._play([variant.origin.source for variant in chosen], thorough=True)
        for variant, score in zip(chosen, scores, strict=True):
            if score is not None:
                self._take(variant, create_member(variant.origin, score))
        self._broods += 1
        if self._broods % MIGRATION == 0:
            self._migrate()
        return bool(screened)

    @property
    def ranked(self) -> list[Member]:
        """Return the programs of all islands, each behaviour once: the best of each island first.

        Islands differ in fitness, so the first few programs are good in different ways.
        """
        members = [member for island in self.islands for member in island.members]
        ranked = sorted(members, key=score_overall, reverse=True)
        champions = {island.kind.name: island.best for island in self.islands if island.members}
        unique: dict[bytes, Member] = {}
        for member in (*ranked[:1], *champions.values(), *ranked):
            unique.setdefault(member.signature, member)
        return list(unique.values())

    @property
    def diagnostics(self) -> Mapping[str, Any]:
        """Return diagnostics of the search."""
        return {
            "tried": sum(self._tried.values()),
            "fates": dict(sorted(self._outcomes.items())),
            "operators": {
                name: {"tried": count, "improved": self._improved[name]}
                for name, count in sorted(self._tried.items())
            },
            "islands": [
                {
                    "fit": island.kind.name,
                    "programs": len(island.members),
                    "best": round(island.kind.fitness(island.best), 3) if island.members else None,
                    "descents": len({member.origin.root for member in island.members}),
                }
                for island in self.islands
            ],
            "archive": len(self.archive),
        }

    def _members(self, origins: Sequence[ProgramOrigin]) -> dict[str, Member]:
        """Score programs by source; those that could not be played are left out."""
        wanted = list({origin.source: origin for origin in origins}.values())
        self._known_sources.update(origin.source for origin in wanted)
        scores = self._play([origin.source for origin in wanted], thorough=True)
        return {
            origin.source: create_member(origin, score)
            for origin, score in zip(wanted, scores, strict=True)
            if score is not None
        }

    def _gains(
        self, pending: Sequence[_PendingVariant]
    ) -> list[tuple[float | None, _PendingVariant]]:
        """Return each variant's screened gain over its parent; ``None`` if it was not played."""
        own = self._play([variant.origin.source for variant in pending])
        parents = self._play([variant.parent.origin.source for variant in pending])
        gains: list[tuple[float | None, _PendingVariant]] = []
        for variant, score, parent in zip(pending, own, parents, strict=True):
            self._tried[variant.operator] += 1
            if score is None or parent is None:
                self._outcomes["not played"] += 1
                gains.append((None, variant))
                continue
            fitness = self.islands[variant.island].kind.fitness
            before = create_member(variant.parent.origin, parent)
            gains.append((fitness(create_member(variant.origin, score)) - fitness(before), variant))
        return gains

    def _create_variants(self, index: int, count: int) -> list[_PendingVariant]:
        variants = []
        for _ in range(count):
            variant = self._create_variant(index)
            if variant is not None:
                variants.append(variant)
        return variants

    def _create_variant(self, index: int) -> _PendingVariant | None:
        """Create a variant with a new source text; ``None`` after `TRIES` attempts."""
        island = self.islands[index]
        if not island.members:
            return None
        for _ in range(TRIES):
            parent = island.pick(self._random)
            variant = self._variant(parent)
            if variant is None:
                self._outcomes["not kept"] += 1
                continue
            source = print_tree(hoist_invariants(variant.program))
            if source in self._known_sources:
                self._outcomes["already evaluated"] += 1
                continue
            self._known_sources.add(source)
            steps = (*parent.origin.steps, variant.summary)[-STEPS:]
            origin = ProgramOrigin(source, parent.origin.root, steps)
            return _PendingVariant(index, variant.operator, origin, parent)
        return None

    def _variant(self, parent: Member) -> ProgramVariant | None:
        random = self._random
        tree = parse_sound_program(parent.origin.source)
        if random.random() < CROSSOVER_PROBABILITY:
            first = cross(
                tree, parse_sound_program(self.archive.pick(random).origin.source), random
            )
        else:
            first = vary(tree, random, self._signals)
        if first is None or random.random() >= SECOND_MUTATION_PROBABILITY:
            return first
        second = vary(first.program, random, self._signals)
        if second is None:
            return first
        return ProgramVariant(second.program, first.operator, f"{first.summary}; {second.summary}")

    def _take(self, variant: _PendingVariant, member: Member) -> None:
        island = self.islands[variant.island]
        fitness = island.kind.fitness
        if fitness(member) > fitness(variant.parent):
            self._improved[variant.operator] += 1
        outcome = island.take(member)
        self._outcomes[outcome.value] += 1
        if outcome is not InsertionOutcome.IDLE:
            self.archive.take(member)

    def _migrate(self) -> None:
        best = [island.best for island in self.islands if island.members]
        for index, migrant in enumerate(best):
            self.islands[(index + 1) % len(self.islands)].take(migrant)
