import json
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from store.environment import Environment, Item, save
from store.errors import StoreError
from store.parquet import export_flat, export_tables
from store.reader import Recording, open_recording
from store.records import Branch, Greedy, Provenance, Question, SignalDeclaration, SignalScope
from store.simulated_chains import SimulatedReasoner
from store.simulation import Benchmark, simulate

ALL_PARTS = Branch(
    answers=["ERR", "2"],
    tokens=1200,
    final="2",
    finish="stop",
    seed=7,
    raw=["?", "so 2"],
    final_raw="it is 2",
    probe_tokens=[4, 5],
    entropy=[1.5, 0.25],
    logprob=[-0.5, -0.25, -0.125],
    top_logprob=[-9.0, -9.5],
    text="one and one. two",
    token_ids=[1, 2, 3],
    sentences=[12, 16],
    paragraphs=[16],
)
BARE = Branch(answers=[], tokens=300, final="3")


@pytest.fixture
def recording(tmp_path: Path) -> Recording:
    provenance = Provenance(model="m", benchmark="b", interval=500, collector="test")
    items = [
        Item(
            Question(
                id="q0",
                gold="2",
                text="1 + 1?",
                choices=["2", "3"],
                greedy=Greedy(answer="2", tokens=900),
                difficulty=1,
            ),
            [ALL_PARTS, BARE],
        ),
        Item(Question(id="q1", gold="π"), [BARE]),
    ]
    save(Environment(provenance, items), tmp_path / "r.recording")
    return open_recording(tmp_path / "r.recording")


def test_three_tables_hold_the_whole_recording(recording: Recording, tmp_path: Path) -> None:
    paths = export_tables(recording, tmp_path / "new" / "tables")
    questions, branches, probes = (pq.read_table(path).to_pylist() for path in paths)
    assert questions == [
        {
            "question": "q0", "position": 0, "gold": "2", "text": "1 + 1?", "choices": ["2", "3"],
            "difficulty": 1, "greedy_answer": "2", "greedy_tokens": 900, "branches": 2,
        },
        {
            "question": "q1", "position": 1, "gold": "π", "text": None, "choices": None,
            "difficulty": None, "greedy_answer": None, "greedy_tokens": None, "branches": 1,
        },
    ]  # fmt: skip
    assert branches[0] == {
        "question": "q0", "branch": 0, "tokens": 1200, "probes": 2, "final": "2", "right": True,
        "finish": "stop", "seed": 7, "final_raw": "it is 2", "text": "one and one. two",
        "token_ids": [1, 2, 3], "sentences": [12, 16], "paragraphs": [16],
        "tail_logprob": -0.125, "tail_top_logprob": None,
    }  # fmt: skip
    assert [(row["question"], row["branch"], row["right"]) for row in branches] == [
        ("q0", 0, True),
        ("q0", 1, False),
        ("q1", 0, False),
    ]
    assert probes == [
        {
            "question": "q0", "branch": 0, "probe": 1, "tokens": 500, "answer": "ERR",
            "right": False, "raw": "?", "probe_tokens": 4, "entropy": 1.5, "logprob": -0.5,
            "top_logprob": -9.0,
        },
        {
            "question": "q0", "branch": 0, "probe": 2, "tokens": 1000, "answer": "2",
            "right": True, "raw": "so 2", "probe_tokens": 5, "entropy": 0.25, "logprob": -0.25,
            "top_logprob": -9.5,
        },
    ]  # fmt: skip


def test_one_flat_table_gives_every_branch_back(recording: Recording, tmp_path: Path) -> None:
    export_flat(recording, tmp_path / "flat.parquet")
    rows = pq.read_table(tmp_path / "flat.parquet").to_pylist()
    fields = [name for name in Branch.__struct_fields__ if name != "signals"]
    assert [Branch(**{name: row[name] for name in fields}) for row in rows] == [
        ALL_PARTS,
        BARE,
        BARE,
    ]
    assert [row["gold"] for row in rows] == ["2", "2", "π"]


def test_every_file_names_the_recording(recording: Recording, tmp_path: Path) -> None:
    for path in export_tables(recording, tmp_path / "tables"):
        about = json.loads(pq.read_schema(path).metadata[b"rheostat"])
        assert about["recording"] == recording.digest
        assert about["provenance"]["model"] == "m"


def test_large_recording_is_exported_in_row_groups(tmp_path: Path) -> None:
    reasoner = SimulatedReasoner("r", skill=0.5, verbosity=1.0, noise=0.1, drift=0.1)
    save(simulate(reasoner, Benchmark("b", 8, 64)), tmp_path / "r.recording")
    recording = open_recording(tmp_path / "r.recording")
    *_, probes = export_tables(recording, tmp_path / "tables")
    answers = pq.read_table(probes, columns=["answer"]).column("answer").to_pylist()
    assert pq.ParquetFile(probes).num_row_groups > 1
    assert answers == [
        answer
        for question in range(8)
        for branch in recording.branches(question)
        for answer in branch.answers
    ]


def test_existing_files_are_not_overwritten(recording: Recording, tmp_path: Path) -> None:
    taken = tmp_path / "taken"
    taken.mkdir()
    (taken / "mine").write_text("precious", encoding="utf-8")
    with pytest.raises(StoreError, match="already exists"):
        export_tables(recording, taken)
    with pytest.raises(StoreError, match="already exists"):
        export_flat(recording, taken / "mine")
    assert (taken / "mine").read_text(encoding="utf-8") == "precious"


def test_export_into_an_empty_directory(recording: Recording, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    assert all(path.exists() for path in export_tables(recording, tmp_path / "empty"))


def test_failed_export_leaves_no_files(recording: Recording, tmp_path: Path) -> None:
    content = bytearray(recording.path.read_bytes())
    place = content.index(b"one and one")
    content[place] ^= 1
    recording.path.chmod(0o600)
    recording.path.write_bytes(content)
    damaged = open_recording(recording.path)
    with pytest.raises(StoreError):
        export_tables(damaged, tmp_path / "out" / "tables")
    with pytest.raises(StoreError):
        export_flat(damaged, tmp_path / "out" / "flat.parquet")
    assert list((tmp_path / "out").iterdir()) == []


def test_seed_beyond_64_bits_is_reported(tmp_path: Path) -> None:
    provenance = Provenance(model="m", benchmark="b", interval=500, collector="test")
    branch = Branch(answers=[], tokens=1, final="", seed=2**63)
    environment = Environment(provenance, [Item(Question(id="q", gold=""), [branch])])
    save(environment, tmp_path / "r.recording")
    with pytest.raises(StoreError, match="Parquet"):
        export_tables(open_recording(tmp_path / "r.recording"), tmp_path / "tables")


def test_named_signals_are_columns_where_their_values_belong(tmp_path: Path) -> None:
    scopes: dict[str, SignalScope] = {
        "certainty": "interval",
        "p_true": "probe",
        "reward": "branch",
    }
    provenance = Provenance(
        model="m", benchmark="b", interval=500, collector="test",
        signals={name: SignalDeclaration(scope=scope) for name, scope in scopes.items()},
    )  # fmt: skip
    signals = {"certainty": [1.5, 2.5, 3.5], "p_true": [0.25, 0.75], "reward": [0.5]}
    full = Branch(answers=["ERR", "2"], tokens=1200, final="2", signals=signals)
    save(
        Environment(provenance, [Item(Question(id="q0", gold="2"), [full, BARE])]),
        tmp_path / "r.recording",
    )
    recording = open_recording(tmp_path / "r.recording")
    _, branches, probes = (
        pq.read_table(path).to_pylist() for path in export_tables(recording, tmp_path / "tables")
    )
    assert [(row["reward"], row["tail_certainty"]) for row in branches] == [
        (0.5, 3.5),
        (None, None),
    ]
    assert [(row["certainty"], row["p_true"]) for row in probes] == [(1.5, 0.25), (2.5, 0.75)]
    export_flat(recording, tmp_path / "flat.parquet")
    first, second = pq.read_table(tmp_path / "flat.parquet").to_pylist()
    assert (first["reward"], first["certainty"], first["p_true"]) == (
        0.5, [1.5, 2.5, 3.5], [0.25, 0.75],
    )  # fmt: skip
    assert (second["reward"], second["certainty"], second["p_true"]) == (None, None, None)
