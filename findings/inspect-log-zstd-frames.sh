#!/usr/bin/env bash
# Guess:    an entry of a zip archive that is compressed with Zstandard (method 93, as in the .eval
#           logs of inspect_ai) can be read by any zip library that knows the method.
# Happens:  a Zstandard stream may be several frames in a row, and inspect_ai begins another frame
#           when a sample grows large. backports.zstd 1.8.0 (the code of Python 3.14's zipfile)
#           decompresses the first frame only and then reports a wrong CRC-32.
# Matters:  only the longest samples have several frames. So a log of short answers opens, and the
#           log of a long-reasoning model, the one that test-time scaling is about, looks damaged.
#           Read the raw entry and decompress frame after frame.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv env
env/bin/pip install --quiet --disable-pip-version-check backports.zstd==1.8.0
env/bin/python - <<'PY'
import io
import struct
import zlib
from importlib.metadata import version

from backports import zstd
from backports.zstd import zipfile

first, second = b'{"epoch": 1, "text": "' + b"step " * 50, b'done"}'


def archive(frames: bytes, content: bytes) -> io.BytesIO:
    """A zip archive with one entry, written as the format's specification says."""
    name = b"samples/q1_epoch_1.json"
    crc, sizes = zlib.crc32(content), (len(frames), len(content))
    local = struct.pack("<IHHHHHIIIHH", 0x04034B50, 63, 0, 93, 0, 33, crc, *sizes, len(name), 0)
    entry = struct.pack(
        "<IHHHHHHIIIHHHHHII", 0x02014B50, 63, 63, 0, 93, 0, 33, crc, *sizes, len(name),
        0, 0, 0, 0, 0, 0,
    )
    body = local + name + frames
    directory = entry + name
    end = struct.pack("<IHHHHIIH", 0x06054B50, 0, 0, 1, 1, len(directory), len(body), 0)
    return io.BytesIO(body + directory + end)


def read(frames: bytes) -> str:
    with zipfile.ZipFile(archive(frames, first + second)) as opened:
        try:
            whole = opened.read("samples/q1_epoch_1.json") == first + second
            return "whole" if whole else "other content"
        except zipfile.BadZipFile as error:
            return f"BadZipFile: {error}"


one_frame = zstd.compress(first + second)
two_frames = zstd.compress(first) + zstd.compress(second)
assert zstd.decompress(two_frames) == first + second, "two frames are a valid stream"
seen = {"one frame": read(one_frame), "two frames": read(two_frames)}
print("backports.zstd", version("backports.zstd"))
for what, result in seen.items():
    print(f"{what}: {result}")
assert seen["one frame"] == "whole", seen
assert seen["two frames"].startswith("BadZipFile: Bad CRC-32"), seen
PY
# Seen:
#   backports.zstd 1.8.0
#   one frame: whole
#   two frames: BadZipFile: Bad CRC-32 for file 'samples/q1_epoch_1.json'
