"""What lies where on disk, who may write it, and how a file appears whole."""
