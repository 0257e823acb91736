"""An incident as one file that can be shared, queried again, and proved unaltered."""

from analyzer.evidence.bundle import BundleRequest, WrittenBundle, write
from analyzer.evidence.bundle_manifest import VerifiedBundle, verify

__all__ = ["BundleRequest", "VerifiedBundle", "WrittenBundle", "verify", "write"]
