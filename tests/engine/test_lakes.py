"""Spark Connect reads the exports, without a word of ours."""

from pathlib import Path

import pytest
from support import lakes

from analyzer import cli
from analyzer.store.layout import Store


@pytest.mark.parametrize("kind", ["delta", "parquet"])
def test_an_engine_that_speaks_spark_connect_reads_what_the_history_has(
    kind: str, server: str, recorded: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from pyspark.sql import SparkSession  # noqa: PLC0415  # half a second, only here

    monkeypatch.setenv("ANALYZER_NOW", "2026-11-24T00:00:00Z")
    words = ["--quiet", "--store", str(recorded.root), "export", kind, str(tmp_path / "lake")]
    assert cli.status(words) == 0
    spark = SparkSession.builder.remote(server).getOrCreate()
    for table, expected in lakes.ours(recorded).items():
        where = tmp_path / "lake" / ("latest" if kind == "parquet" else "") / table
        there = spark.read.format(kind).load(str(where)).toArrow()
        assert lakes.rows(table, there.to_pylist()) == expected
