"""Run the command line with ``python -m labkit``."""

from labkit.cli import main

if __name__ == "__main__":
    main()
