"""Small logs of evaluation harnesses, as their own programs write them.

The layout was taken from logs that inspect_ai 0.3.285 and lm-evaluation-harness 0.4.13 wrote; what
the importers skip is left out.
"""

import io
import json
import struct
import zipfile
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from backports import zstd


def zstandard_zip(entries: dict[str, bytes], *, frames: int = 1) -> bytes:
    """A zip archive whose entries are compressed with Zstandard, in so many frames each."""
    body, directory = io.BytesIO(), io.BytesIO()
    for name, content in entries.items():
        size = -(-len(content) // frames)
        cuts = [content[index : index + size] for index in range(0, len(content), size)]
        packed = b"".join(zstd.compress(cut) for cut in cuts)
        # method 93, no date, checksum, sizes, length of the name, no extra field
        common = struct.pack(
            "<HHHHIIIHH", 0, 93, 0, 0, zlib.crc32(content), len(packed), len(content), len(name), 0
        )
        offset = body.tell()
        body.write(b"PK\x03\x04" + struct.pack("<H", 63) + common + name.encode() + packed)
        directory.write(b"PK\x01\x02" + struct.pack("<HH", 63, 63) + common)
        directory.write(struct.pack("<HHHII", 0, 0, 0, 0, offset) + name.encode())
    start, listed = body.tell(), directory.getvalue()
    count = len(entries)
    end = struct.pack("<HHHHIIH", 0, 0, count, count, len(listed), start, 0)
    return body.getvalue() + listed + b"PK\x05\x06" + end


def inspect_sample(name: str | int, epoch: int, reply: str, **changed: object) -> dict[str, Any]:
    """A sample of inspect_ai with one reply of ten tokens an epoch."""
    choice = {
        "message": {"role": "assistant", "content": reply, "source": "generate"},
        "stop_reason": "stop",
    }
    return {
        "id": name,
        "epoch": epoch,
        "input": f"question {name}",
        "target": "4",
        "messages": [{"role": "user", "content": f"question {name}"}, choice["message"]],
        "output": {
            "model": "m",
            "choices": [choice],
            "completion": reply,
            "usage": {"input_tokens": 5, "output_tokens": 10 * epoch, "total_tokens": 0},
        },
        "scores": {"match": {"value": float("nan")}},
        "turn_count": 1,
        **changed,
    }


HEADER = {
    "version": 2,
    "status": "success",
    "eval": {
        "task": "sums",
        "model": "vllm/tiny-1b",
        "dataset": {"sample_ids": ["b", 1]},
        "packages": {"inspect_ai": "0.3.285"},
    },
    "plan": {"config": {"temperature": 0.7, "max_tokens": 50, "seed": 3}},
}


def inspect_log(
    path: Path, samples: Sequence[dict[str, Any]], *, frames: int = 1, **header: object
) -> Path:
    """A log of inspect_ai: an archive, or JSON by the name."""
    header = {**HEADER, **header}
    if path.suffix == ".json":
        path.write_text(json.dumps({**header, "samples": list(samples)}))
        return path
    entries = {
        f"samples/{sample['id']}_epoch_{sample['epoch']}.json": json.dumps(sample).encode()
        for sample in samples
    }
    entries["header.json"] = json.dumps(header).encode()
    path.write_bytes(zstandard_zip(entries, frames=frames))
    return path


def deflated(path: Path, samples: Sequence[dict[str, Any]]) -> Path:
    """The same as earlier versions of inspect_ai wrote it."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("_journal/start.json", json.dumps(HEADER))
        for sample in samples:
            name = f"samples/{sample['id']}_epoch_{sample['epoch']}.json"
            archive.writestr(name, json.dumps(sample))
    return path


def lm_eval_sample(number: int, replies: Sequence[object], **changed: object) -> dict[str, Any]:
    """A sample of lm-evaluation-harness with several repeats."""
    return {
        "doc_id": number,
        "doc": {"unique_id": f"t/{number}", "question": f"{number} + 1?"},
        "target": f"It is\n#### {number + 1}",
        "arguments": {
            "gen_args_0": {
                "arg_0": f"Q: {number} + 1?\nA:",
                "arg_1": {"until": ["Q:"], "do_sample": True, "temperature": 0.7,
                          "max_gen_toks": 64},
            }
        },
        "resps": [list(replies)],
        "filtered_resps": [replies[0]],
        "filter": "strict",
        "exact_match": 0.0,
        **changed,
    }  # fmt: skip


def lm_eval_log(folder: Path, samples: Sequence[dict[str, Any]], *, task: str = "sums") -> Path:
    """A sample log, in the folder of its model."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"samples_{task}_2026-11-29T01-00-40.491003.jsonl"
    path.write_text("".join(json.dumps(sample, ensure_ascii=False) + "\n" for sample in samples))
    return path
