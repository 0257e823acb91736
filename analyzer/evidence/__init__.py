"""An incident as one file that can be shared, asked again, and proved unaltered."""

from analyzer.evidence.bundle import Asked, Bundle, write
from analyzer.evidence.manifest import Verified, verify

__all__ = ["Asked", "Bundle", "Verified", "verify", "write"]
