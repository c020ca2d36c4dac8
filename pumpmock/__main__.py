"""`python -m pumpmock` does what the console script does."""

from __future__ import annotations

from pumpmock.cli import main

if __name__ == "__main__":
    main()
