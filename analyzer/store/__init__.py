"""The layout on disk, locks and leases, and atomic publishing of files."""
