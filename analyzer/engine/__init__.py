"""Who works a question out: tables over the store's files, DuckDB, Spark."""
