"""The documented tables for other engines: as Delta tables, and as folders of Parquet files.

Every bound of a spell is filled in, so that a reader needs no word of ours. Rows lie by cluster and
by the year in which they ended; those that go on lie under 9999. A closed spell never changes, so that
an export writes what is open, and the parts of the history that are new since the last one.
"""
