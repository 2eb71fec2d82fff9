"""What ends a controller from inside, other than its own return.

All but `Exhausted` are no `Exception`: the policy leaves a controller no way to catch them.
"""


class Exhausted(Exception):
    """The budget ended inside a verb, or before it. Controllers know it by this name."""


class TurnsSpent(BaseException):
    """Too many turns of loops and calls."""


class TimeSpent(BaseException):
    """Too much time between two verbs."""
