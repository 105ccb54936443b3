"""iqdebug: a terminal debugger for live Python processes.

PYTEST_DONT_REWRITE: its pytest plugin imports parts of it before the tests begin.
"""

__version__ = "0.1.0"
