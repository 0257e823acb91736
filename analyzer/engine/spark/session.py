"""A session at a Spark Connect server."""

import warnings
from threading import Thread
from typing import Any
from urllib.parse import urlsplit

import grpc
from pyspark.errors import PySparkException
from pyspark.sql.connect.client import DefaultChannelBuilder
from pyspark.sql.connect.client.retries import DefaultPolicy
from pyspark.sql.connect.session import SparkSession

from analyzer.errors import Unreachable, UsageError

_WAIT = 10.0  # seconds to be answered at all; the client itself would try for ten minutes
_RETRIES = {"max_retries": 5, "max_backoff": 2000}  # some five seconds, likewise
_SETTINGS = {
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.ansi.enabled": "true",
    # Spark 4.2 breaks plans that use one checkpoint twice ("became unresolved").
    "spark.sql.optimizer.excludedRules": (
        "org.apache.spark.sql.catalyst.optimizer.RemoveRedundantAliases"
    ),
}


def connect(url: str) -> Any:
    """A session of its own at *url*.

    Raises:
        UsageError: the address is none.
        Unreachable: nothing answers there.
    """
    try:
        channel = DefaultChannelBuilder(url).toChannel()
    except (PySparkException, ValueError) as error:
        raise UsageError(f"--engine {url}: write duckdb, or sc://host:15002") from error
    try:
        grpc.channel_ready_future(channel).result(timeout=_WAIT)
    except grpc.FutureTimeoutError as error:
        raise Unreachable(
            f"no Spark Connect server answers at {urlsplit(url).netloc} within {_WAIT:.0f} s"
        ) from error
    finally:
        channel.close()
    # The timeout is reported in one sentence of our own, so the client's warning is silenced.
    warnings.filterwarnings("ignore", r"\[RETRIES_EXCEEDED\]", UserWarning)
    try:
        session = SparkSession.builder.remote(url).create()
        session.client.set_retry_policies([DefaultPolicy(**_RETRIES)])
        for name, value in _SETTINGS.items():
            session.conf.set(name, value)
    except PySparkException as error:
        raise Unreachable(f"{urlsplit(url).netloc}: {_first(error)}") from error
    return session


def checkpoint(session: Any, frame: Any) -> Any:
    """The rows of *frame*, materialised on the cluster."""
    # The client looks a checkpoint up in the active session, not in the frame's own.
    SparkSession._active_session.session = session  # noqa: SLF001  # no other way
    return frame.localCheckpoint()


def release(session: Any) -> None:
    """End the session at the server, and the channel to it; a server that does not answer is left."""
    releasing = Thread(target=session.stop, daemon=True)  # its request has no deadline
    releasing.start()
    releasing.join(_WAIT)
    if releasing.is_alive():
        session.client.close()  # cancels the request


def _first(error: Exception) -> str:
    return next(iter(str(error).splitlines()), type(error).__name__)
