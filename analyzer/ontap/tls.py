"""Whom the client trusts, and what a failed handshake means."""

import ssl
from functools import cache, lru_cache
from pathlib import Path
from stat import S_ISFIFO, S_ISREG

from analyzer.config.cluster import Cluster


def context(cluster: Cluster) -> ssl.SSLContext:
    """The value of httpx's ``verify``.

    Raises:
        OSError: a certificate file cannot be used (``ssl.SSLError`` is one).
    """
    if cluster.url.startswith("http:"):
        return _nobody()
    authorities = None if isinstance(cluster.verify, bool) else str(cluster.verify)
    names = authorities, cluster.client_cert, cluster.client_key
    system = ssl.get_default_verify_paths()
    stamps = system, *(_stamp(name) for name in (*names, system.cafile))
    return _trust(*names, stamps, verify=cluster.verify is not False)


def _stamp(name: str | Path | None) -> tuple[int, ...]:
    """What changes when the file does."""
    if name is None:
        return ()
    stat = Path(name).stat()
    # OpenSSL would read a folder or /dev/zero for ever; a pipe is how a shell hands a secret.
    if not (S_ISREG(stat.st_mode) or S_ISFIFO(stat.st_mode)):
        raise OSError(f"{name} is no file")
    return stat.st_ino, stat.st_size, stat.st_mtime_ns


@cache
def _nobody() -> ssl.SSLContext:
    """For plain HTTP, which needs none: httpx would make one for each client."""
    return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


@lru_cache(maxsize=16)
def _trust(
    authorities: str | None, cert: str | None, key: str | None, _stamps: object, *, verify: bool
) -> ssl.SSLContext:
    """Once for the clusters that share it: to read the authorities takes 40 ms of processor time."""
    trust = ssl.create_default_context(cafile=authorities)
    if not verify:
        trust.check_hostname = False
        trust.verify_mode = ssl.CERT_NONE
    if cert and key:
        trust.load_cert_chain(cert, key)
    return trust


def is_untrusted(error: Exception) -> bool:
    """Whether we do not trust the cluster's certificate."""
    return "CERTIFICATE_VERIFY" in str(error)


def is_unwelcome(error: Exception) -> bool:
    """Whether the cluster ended the handshake since it does not know our certificate."""
    return "ALERT" in str(error) and "CERT" in str(error)
