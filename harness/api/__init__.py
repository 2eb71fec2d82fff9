"""rheostat from Python: recordings, controllers, and figures that equal those of the command line.

`sweep`, `compare`, `play` and `trace` take controllers (names of the library, files, texts of
programs, or `Controller`) and recordings (files, or `Recording`). Results are immutable. They
convert to tables of numpy, pandas and polars, draw matplotlib figures, and show themselves in
notebooks. Names that are not listed here may change. `agents.api` searches for controllers.
"""

from harness.api.comparison_report import ComparisonReport, compare
from harness.api.controller import Controller, Diagnostics, check
from harness.api.data_table import DataTable
from harness.api.episode_results import Episodes, play
from harness.api.exceptions import ProgramError, RheostatWarning
from harness.api.frontier_view import Frontier
from harness.api.recording import QuestionArrays, Recording, SampleRecordings, load_sample
from harness.api.sweep_report import Sweep, sweep
from harness.api.trace_report import Trace, trace
from harness.errors import ExternalError, InputError, RheostatError

__all__ = [
    "ComparisonReport",
    "Controller",
    "DataTable",
    "Diagnostics",
    "Episodes",
    "ExternalError",
    "Frontier",
    "InputError",
    "ProgramError",
    "QuestionArrays",
    "Recording",
    "RheostatError",
    "RheostatWarning",
    "SampleRecordings",
    "Sweep",
    "Trace",
    "check",
    "compare",
    "load_sample",
    "play",
    "sweep",
    "trace",
]
