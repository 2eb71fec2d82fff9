"""Streams of server-sent events, as the HTML standard defines them, in chunks of any size."""

from collections.abc import AsyncIterator
from itertools import groupby, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from store.serving.event_stream import EventStreamDecoder, iterate_events

MARK = b"\xef\xbb\xbf"
LINES = st.sampled_from(
    [b"", b"", b"data", b"data:", b"data: ", b"data:  x", b"data: {}", b"data: a:b", b"data : x",
     b"dat", b"Data: x", b": comment", b":", b"event: error", b"id: 1\x00", b"retry: 9",
     b" data: x", MARK + b"data: y", b"data: " + "é語".encode()]
)  # fmt: skip
LINE_ENDS = st.sampled_from([b"\r\n", b"\n", b"\r"])
STREAMS = st.builds(
    lambda mark, lines, rest: mark + b"".join(map(b"".join, lines)) + rest,
    st.sampled_from([b"", MARK]),
    st.lists(st.tuples(LINES, LINE_ENDS), max_size=20),
    st.sampled_from([b"", b"data: unfinished", b"\r", b"data"]),
)
NOISE = st.lists(st.sampled_from([b"data:", b"\r", b"\n", b" ", b"x", b":", MARK[:1], MARK]))


def decode(*chunks: bytes) -> list[bytes]:
    decoder = EventStreamDecoder()
    return [event for chunk in chunks for event in decoder.feed(chunk)]


def read_whole(stream: bytes) -> list[bytes]:
    """The events of a whole stream, by the steps of the standard one after another."""
    text = stream.removeprefix(MARK).replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    *lines, _ = text.split(b"\n")
    blocks = [list(block) if filled else None for filled, block in groupby(lines, key=bool)]
    events = []
    for block, blank in pairwise([*blocks, []]):
        if block is None or blank is not None:
            continue
        fields = [line.split(b":", 1) for line in block]
        values = [rest[0] if rest else b"" for name, *rest in fields if name == b"data"]
        if values:
            events.append(b"\n".join(value.removeprefix(b" ") for value in values))
    return events


@pytest.mark.parametrize("end", [b"\r\n", b"\n", b"\r"])
@pytest.mark.parametrize(
    ("lines", "events"),
    [
        ([b"data: a", b"", b"data:b", b""], [b"a", b"b"]),
        ([b"data: {", b"data:   1", b"data", b"data: }", b""], [b"{\n  1\n\n}"]),
        ([b": comment", b"event: error", b"id: 7", b"retry: 9", b"data: a", b"other", b""], [b"a"]),
        ([b": keep-alive", b"", b"event: ping", b"", b"", b"data: a", b""], [b"a"]),
        ([b"data", b"", b"data:", b""], [b"", b""]),
        ([MARK + b"data: a", b"", MARK + b"data: b", b""], [b"a"]),
        ([b"data: a", b"", b"data: never dispatched"], [b"a"]),
        ([b"Data: a", b" data: b", b"data : c", b""], []),
    ],
)
def test_events_are_those_of_the_standard(
    lines: list[bytes], events: list[bytes], end: bytes
) -> None:
    stream = b"".join(line + end for line in lines)
    assert decode(stream) == events
    assert decode(*(bytes([byte]) for byte in stream)) == events


@given(st.one_of(STREAMS, NOISE.map(b"".join)), st.data())
def test_any_chunks_of_the_same_bytes_give_the_same_events(
    stream: bytes, data: st.DataObject
) -> None:
    cuts = data.draw(st.lists(st.integers(0, len(stream)), max_size=12).map(sorted))
    chunks = [stream[start:end] for start, end in pairwise([0, *cuts, len(stream)])]
    assert decode(*chunks) == read_whole(stream)
    assert decode(*(bytes([byte]) for byte in stream)) == read_whole(stream)


def test_an_event_does_not_wait_for_the_chunk_after_it() -> None:
    decoder = EventStreamDecoder()
    assert decoder.feed(b"data: a\r\n\r") == [b"a"]
    assert decoder.feed(b"\ndata: b\r\r") == [b"b"]


async def test_events_are_iterated_as_their_chunks_arrive() -> None:
    arrived = 0

    async def arrive() -> AsyncIterator[bytes]:
        nonlocal arrived
        for chunk in (b"data: a\r", b"\n\r", b"\ndata: b\n\nda", b"ta: c\n\n"):
            arrived += 1
            yield chunk

    found = [(data, arrived) async for data in iterate_events(arrive())]
    assert found == [(b"a", 2), (b"b", 3), (b"c", 4)]
