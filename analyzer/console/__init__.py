"""The pages that a browser sees, rendered from the same reports."""
