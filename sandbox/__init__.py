"""Python controllers behind two barriers: a policy on the code, and a container around it."""
