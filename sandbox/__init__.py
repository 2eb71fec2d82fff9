"""Python controllers within two barriers: a policy on the code, and a container around it."""
