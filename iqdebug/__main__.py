"""``python -m iqdebug``."""

from iqdebug.cli.main import main

if __name__ == "__main__":
    raise SystemExit(main())
