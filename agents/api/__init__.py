"""Searches for controllers from Python: start or resume one, follow it, and read its result.

`harness.api` has recordings, controllers and figures. Names that are not listed here may change.
"""

from agents.api.discovery import Discovery, discover
from agents.api.discovery_options import DiscoveryOptions
from agents.api.discovery_report import DiscoveryReport
from agents.run.events import Event

__all__ = ["Discovery", "DiscoveryOptions", "DiscoveryReport", "Event", "discover"]
