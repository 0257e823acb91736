"""Snapshots of clusters, over HTTP or from files, and what is wrong with their settings."""
