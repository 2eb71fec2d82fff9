"""Where the tokens went: traces, line profiles, hindsight, and what a recording holds."""
