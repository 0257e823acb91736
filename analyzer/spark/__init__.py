"""Reports on Spark: the only door to pyspark and to sqlglot, both of the extra ``spark``."""

from analyzer.spark.catalog import Spark
from analyzer.spark.dialect import translate

__all__ = ["Spark", "translate"]
