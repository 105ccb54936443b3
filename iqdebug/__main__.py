"""``python -m iqdebug``."""

from iqdebug.cli import main

if __name__ == "__main__":
    raise SystemExit(main())
