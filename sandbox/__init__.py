"""Python controllers behind two walls: a policy on the code, a container around it."""
