"""The REST interface of the array: its query language, and a server that answers from history."""
