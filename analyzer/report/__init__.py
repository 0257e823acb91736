"""A report: a .sql file, the words of its header, its rows and its coverage."""
