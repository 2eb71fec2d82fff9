"""Programs whose ranking on the small search set is certain."""


def wide(most: int, level: str = "0.9 + 0.05 * beta") -> str:
    """Return a program with a number of parallel branches that stops when they agree."""
    return f"""\
controller wide{most} {{
  schedule {{
    rising n     = round(1 * pow({most}, beta))
    rising level = {level}
  }}

  start {{ open n }}

  step {{
    advance active
    if confidence(finished) > level {{
      answer winner(finished) because "those that finished agree"
    }}
  }}

  finally {{ answer winner(finished) else winner(alive) }}
}}
"""


CONTRARY = """\
controller contrary {
  knobs { n = 4 in 1..16 }
  start { sample n }
  finally { answer runner_up(finished) else "nothing" }
}
"""
"""A baseline that any program beats: it gives the answer that lost the vote."""

GOOD = wide(8, "0.5 + 0.25 * beta")
"""Much better than the baseline."""

OTHER = wide(9, "0.5 + 0.25 * beta")
"""About as good as GOOD."""

BAD = """\
controller bad {
  schedule { rising n = round(1 * pow(8, beta)) }
  start { sample n }
  finally { answer runner_up(finished) else "nothing" }
}
"""
"""No better than the baseline."""

BROKEN = GOOD.replace("winner(finished) because", "winer(finished) because")
