"""Options of the objective, and the fields of the request that they set."""

from pathlib import Path

import pytest

from agents.setup.discovery_request import _fields
from harness.errors import InputError


def test_request_stores_the_profiles_of_its_objective(tmp_path: Path) -> None:
    path = tmp_path / "users.toml"
    path.write_text('[[profiles]]\nname = "fast"\nsequential = 20000\n')
    fields = _fields({"objective": f"meet:{path}"})
    path.unlink()  # the run does not depend on the file
    assert [profile.name for profile in fields["profiles"]] == ["fast"]


def test_reference_of_an_objective_must_exist() -> None:
    with pytest.raises(InputError, match="nothing"):
        _fields({"objective": "tokens-at:nothing"})


def test_latency_and_limits_are_fields_of_the_request() -> None:
    fields = _fields({"latency": 0.5, "max_sequential": 30_000})
    assert fields == {"latency": 0.5, "max_sequential": 30_000}
