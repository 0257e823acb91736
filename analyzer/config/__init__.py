"""What the administrator writes: clusters, secrets, policy, rules."""
