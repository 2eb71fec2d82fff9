"""Checks that must pass on an engine before it runs untrusted code.

Each check starts a container exactly like a worker's, and runs in it what an attacker who had
escaped the policy could run: plain Python, limited only by the container.
"""
