"""What must hold of an engine before code that is not trusted is run on it, and the proof of it.

Each check starts a container exactly as a worker's is started, and runs in it what somebody would
run who had broken the first wall: plain Python, with nothing in its way but the container.
"""
