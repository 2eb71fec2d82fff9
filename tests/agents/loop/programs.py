"""Programs whose order of worth is certain on the small search set."""


def wide(most: int, level: str = "0.9 + 0.05 * beta") -> str:
    """Side by side up to so many branches, ended early by those that agree."""
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
"""A baseline that anything beats: it answers what lost the vote."""

GOOD = wide(8, "0.5 + 0.25 * beta")
"""Better than that by far."""

OTHER = wide(9, "0.5 + 0.25 * beta")
"""About as good."""

BAD = """\
controller bad {
  schedule { rising n = round(1 * pow(8, beta)) }
  start { sample n }
  finally { answer runner_up(finished) else "nothing" }
}
"""
"""No better than the baseline."""

BROKEN = GOOD.replace("winner(finished) because", "winer(finished) because")
