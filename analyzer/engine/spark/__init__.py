"""Reports on Spark: the only door to pyspark and to sqlglot, both of the extra ``spark``."""

from analyzer.engine.spark.catalog import Spark
from analyzer.engine.spark.dialect import translate

__all__ = ["Spark", "translate"]
