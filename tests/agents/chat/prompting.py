"""The brief of a small run, for tests of prompts."""

from agents.feedback.brief import Brief, KnownProgram
from dsl import library

LEADER = """\
controller short "The first to finish" {
  schedule { rising n = round(1 * pow(64, beta)) }

  start { open n }

  step {
    advance active
    if count(finished) >= 3 { answer winner(finished) because "three have finished" }
  }

  finally { answer winner(finished) else winner(alive) }
}
"""


def small_brief(*, candidates: bool = True) -> Brief:
    """The brief of a second round, but for its text."""
    programs = [KnownProgram(name="r001-2", source=LEADER, objective=53.57)] if candidates else []
    programs += [
        KnownProgram(name=name, source=library.load_source(name).text, objective=None)
        for name in ("sc", "asc")
    ]
    text = "# Brief of round 2\n\nObjective: `frontier`.\n\n## Progress of the search\n\n…"
    return Brief(round=2, text=text, tokens=20, known=programs)
