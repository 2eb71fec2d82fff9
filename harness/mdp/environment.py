"""Replay environments: recordings prepared for replay, with the gold answers for scoring."""

from collections.abc import Collection, Mapping, Sequence
from functools import cached_property

from dsl.builtins import SIGNALS
from dsl.checker import CheckedProgram
from dsl.vocabulary import nearest
from harness.errors import InputError
from harness.mdp.admission import NotProbed
from harness.mdp.recorded_pools import RecordedPools, pool_columns, pool_signals
from harness.mdp.replay import BranchPool
from store.reader import Recording
from store.records import Core, Ragged, SignalScope


class ReplayEnvironment:
    """One recording prepared for replay. Only scoring may read ``gold``.

    Args:
        branch_pools: The branches of each question; `RecordedPools` for those of a recording.
        gold: The gold answer of each question.
        digest: The digest of the recording, or an empty string.
        name: The name in results, ``model/benchmark``.
    """

    def __init__(
        self,
        branch_pools: Sequence[BranchPool],
        gold: Sequence[str],
        *,
        digest: str = "",
        name: str = "",
    ):
        self.branch_pools = branch_pools
        self.gold = gold
        self.digest = digest
        self.name = name
        self._words: dict[int, dict[str, int]] = {}

    @cached_property
    def probed(self) -> bool:
        """Whether the answers inside branches were recorded."""
        if isinstance(self.branch_pools, RecordedPools):
            return self.branch_pools.probed
        return all(branch_pool.probed for branch_pool in self.branch_pools)

    @cached_property
    def signals(self) -> frozenset[str]:
        """The optional signals that every chain has."""
        if isinstance(self.branch_pools, RecordedPools):
            return self.branch_pools.signals
        chains = [chain for branch_pool in self.branch_pools for chain in branch_pool.chains]
        own = {
            name for name in SIGNALS if all(getattr(chain, name) is not None for chain in chains)
        }
        return frozenset(own | self.scopes.keys())

    @cached_property
    def scopes(self) -> Mapping[str, SignalScope]:
        """The scopes of the named signals that every chain has."""
        if isinstance(self.branch_pools, RecordedPools):
            return self.branch_pools.scopes
        chains = [chain for branch_pool in self.branch_pools for chain in branch_pool.chains]
        scopes = {name: signal.scope for chain in chains for name, signal in chain.signals.items()}
        return {
            name: scope
            for name, scope in scopes.items()
            if all(name in chain.signals for chain in chains)
        }

    @cached_property
    def partial_signals(self) -> frozenset[str]:
        """The named signals that some chain lacks, so that no program can read them."""
        if isinstance(self.branch_pools, RecordedPools):
            return self.branch_pools.partial
        chains = [chain for branch_pool in self.branch_pools for chain in branch_pool.chains]
        return frozenset(name for chain in chains for name in chain.signals) - self.scopes.keys()

    def interval(self, question: int) -> int:
        """Return Δ of a question, in tokens."""
        if isinstance(self.branch_pools, RecordedPools):
            return self.branch_pools.interval
        return self.branch_pools[question].interval

    def columns(self, question: int) -> Core:
        """Return the branches of a question as columns; its answers are numbered as in `words`.

        Raises:
            StoreError: The recording is damaged.
        """
        if isinstance(self.branch_pools, RecordedPools):
            return self.branch_pools.columns(question)
        return pool_columns(self.branch_pools[question])

    def signal_columns(self, question: int, names: Collection[str]) -> dict[str, Ragged]:
        """Return those of the named signals that every branch of a question has.

        Args:
            question: Its position.
            names: The signals.

        Raises:
            StoreError: The recording is damaged.
        """
        if isinstance(self.branch_pools, RecordedPools):
            return self.branch_pools.signal_columns(question, names) if names else {}
        return pool_signals(self.branch_pools[question], names)

    def pool(self, question: int, *, endings: bool) -> BranchPool:
        """Return the branches of a question.

        Args:
            question: Its position.
            endings: Whether to read how the branches ended, which a recording has among its texts.

        Raises:
            StoreError: The recording is damaged.
        """
        branch_pool = self.branch_pools[question]
        if not endings or not isinstance(self.branch_pools, RecordedPools):
            return branch_pool
        pairs = zip(branch_pool.chains, self.cut_off(question), strict=True)
        return branch_pool._replace(chains=[chain._replace(cut_off=cut) for chain, cut in pairs])

    def cut_off(self, question: int) -> list[bool]:
        """Return which branches of a question end at the bound on their tokens.

        Raises:
            StoreError: The recording is damaged.
        """
        if isinstance(self.branch_pools, RecordedPools):
            return self.branch_pools.cut_off(question)
        return [chain.cut_off for chain in self.branch_pools[question].chains]

    def words(self, question: int) -> dict[str, int]:
        """Return the distinct answers of a question: its branches' in recorded order, then gold."""
        if question not in self._words:
            self.add_words(question, self.columns(question))
        return self._words[question]

    def add_words(self, question: int, columns: Core) -> None:
        """Take the answers of a question from its columns, which the caller has read."""
        numbered = {answer: number for number, answer in enumerate(columns.answers)}
        numbered.setdefault(self.gold[question], len(numbered))
        self._words[question] = numbered

    def word(self, question: int, answer: str | None) -> int:
        """Return the number of an answer: -1 for none, -2 for one that is not in the recording."""
        return -1 if answer is None else self.words(question).get(answer, -2)


def load_replay_environment(recording: Recording) -> ReplayEnvironment:
    """Prepare a recording for replay; its questions are read when they are needed."""
    provenance = recording.provenance
    return ReplayEnvironment(
        RecordedPools(recording),
        [question.gold for question in recording.questions],
        digest=recording.digest,
        name=f"{provenance.model}/{provenance.benchmark}",
    )


def refuse_unmet_needs(checked: CheckedProgram, replay_environment: ReplayEnvironment) -> None:
    """Raise if a recording lacks something that a program needs.

    Raises:
        NotProbed: The program looks inside branches, and only their ends were recorded.
        InputError: It needs a signal that was not recorded.
    """
    if checked.needs.probes and not replay_environment.probed:
        raise NotProbed
    missing = sorted(checked.needs.signals - replay_environment.signals)
    if missing:
        raise InputError(
            f"`{checked.name}` needs {' and '.join(missing)}, which the recording"
            f" {replay_environment.name} does not contain",
            hint=_signals_hint(missing, replay_environment),
        )
    for name in sorted(checked.needs.bare_signals):
        if replay_environment.scopes.get(name) == "probe":
            raise InputError(
                f"`{checked.name}` reads `.{name}` alone, but in {replay_environment.name} it is"
                " per probe, and a branch may finish without a probe",
                hint=f"write the value to take instead: `(.{name} else 0.0)`",
            )
    refuse_running_reads(checked, replay_environment.scopes, replay_environment.name)


def refuse_running_reads(
    checked: CheckedProgram, scopes: Mapping[str, SignalScope], where: str
) -> None:
    """Raise `InputError` if a running value reads a signal that intervals do not have.

    Args:
        checked: The program.
        scopes: The scopes of all named signals that it needs, and perhaps of others.
        where: What has the signals, for the message.
    """
    for name in sorted(checked.needs.interval_signals):
        if scopes[name] != "interval":
            raise InputError(
                f"a running value of `{checked.name}` reads `.{name}`, but in {where} it is per"
                f" {scopes[name]}, and not per interval",
                hint=f"read `.{name}` in `update` or in a vote",
            )


def _signals_hint(missing: Sequence[str], replay_environment: ReplayEnvironment) -> str:
    """Return which signals there are instead of the missing ones."""
    partial = [name for name in missing if name in replay_environment.partial_signals]
    if partial:
        return f"some branches of it lack {' and '.join(partial)}; record it for every branch"
    known = sorted(replay_environment.signals)
    if not known:
        return "it has no signals; `rheostat inspect` shows what a recording has"
    near = [nearest(name, known) for name in missing]
    meant = "; ".join(f"did you mean {name}?" for name in near if name is not None)
    return f"{meant or 'its signals'}{' it has' if meant else ':'} {', '.join(known)}"
