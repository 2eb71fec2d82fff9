"""Whatever a server does, request after request, nothing wrong is recorded."""

import asyncio
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from store.reader import open_recording
from store.serving.errors import ServingError
from store.serving.retries import Limits
from store.writer import RecordingWriter
from tests.store.collection.small import work
from tests.store.collection.test_work import collect
from tests.store.serving.scripted import FAULTS, Body, Fault, ScriptedServer, serving

LIMITS = Limits(patience=0.3, first_wait=0.005, longest_wait=0.02, stall=0.1, whole=0.1)

scripts = st.lists(st.sampled_from([None, None, None, *FAULTS]), max_size=40)


@pytest.mark.slow
@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow])
@given(scripts, st.booleans())
def test_any_fault_sequence_gives_the_same_bytes_or_a_resumable_error(
    script: list[Fault], stepwise: bool
) -> None:
    wanted = work(branches=3, group=2, stepwise=stepwise)
    with TemporaryDirectory() as place, serving(ScriptedServer()) as server:
        right = asyncio.run(collect(Path(place, "a"), wanted, server))
        begun = len(server.completions)

        def fault(number: int, body: Body) -> Fault:
            position = number - begun
            return script[position] if position < len(script) else None

        server.fault = fault
        path = Path(place, "b")
        for _ in range(len(script) + 1):
            try:
                assert asyncio.run(collect(path, wanted, server, limits=LIMITS)) == right
                break
            except ServingError:
                RecordingWriter.resume(path).close()
        assert open_recording(path).digest == right
