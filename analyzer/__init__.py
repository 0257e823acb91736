"""Keeps the iSCSI sessions of ONTAP clusters and says true things about them."""

__version__ = "0.1.0"
