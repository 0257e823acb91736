"""Care of the history: verify, rebuild, compact, prune."""
