"""Consequences of findings: the alert state, webhooks, a monitor's one line."""
