"""Keeps the iSCSI sessions of ONTAP clusters and says true things about them."""

__version__ = "0.2.0.dev0"
