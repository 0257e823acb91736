"""Reports on Spark: the only door to pyspark and to sqlglot, both of the extra ``spark``."""

from analyzer.engine.spark.dialect import translate
from analyzer.engine.spark.spark import Spark

__all__ = ["Spark", "translate"]
