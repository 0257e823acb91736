"""The files that the administrator writes: clusters, secrets, policy, rules."""
