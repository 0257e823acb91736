"""``python -m analyzer``."""

from analyzer.cli import main

if __name__ == "__main__":  # worker processes import it too
    main()
