"""The pages that a browser sees, made of the same reports."""
