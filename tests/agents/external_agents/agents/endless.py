"""An agent that never ends, with a child that does not either, and that minds no request."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

signal.signal(signal.SIGTERM, signal.SIG_IGN)
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
Path(sys.argv[1]).write_text(f"{os.getpid()} {child.pid}")
while True:
    os.write(1, b"still at it " * 1000)
    time.sleep(0.001)
