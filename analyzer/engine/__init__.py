"""Query engines: tables over the store's files, DuckDB, Spark."""
