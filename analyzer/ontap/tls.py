"""Whom the client trusts, and what a failed handshake means."""

import ssl
import stat
from pathlib import Path

from analyzer.config.cluster import Cluster


def context(cluster: Cluster) -> ssl.SSLContext | bool:
    """The value of httpx's ``verify``; False for plain HTTP.

    Raises:
        OSError: a certificate file cannot be used (``ssl.SSLError`` is one).
    """
    if cluster.url.startswith("http:"):
        return False
    authorities = None if isinstance(cluster.verify, bool) else str(cluster.verify)
    for name in (authorities, cluster.client_cert, cluster.client_key):
        # OpenSSL would read a folder or /dev/zero for ever; a pipe is how a shell hands a secret.
        mode = Path(name).stat().st_mode if name else stat.S_IFREG
        if not (stat.S_ISREG(mode) or stat.S_ISFIFO(mode)):
            raise OSError(f"{name} is no file")
    trust = ssl.create_default_context(cafile=authorities)
    if cluster.verify is False:
        trust.check_hostname = False
        trust.verify_mode = ssl.CERT_NONE
    if cluster.client_cert and cluster.client_key:
        trust.load_cert_chain(cluster.client_cert, cluster.client_key)
    return trust


def is_untrusted(error: Exception) -> bool:
    """Whether we do not trust the cluster's certificate."""
    return "CERTIFICATE_VERIFY" in str(error)


def is_unwelcome(error: Exception) -> bool:
    """Whether the cluster ended the handshake since it does not know our certificate."""
    return "ALERT" in str(error) and "CERT" in str(error)
