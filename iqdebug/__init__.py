"""iqdebug: a terminal debugger for live Python processes."""

__version__ = "0.1.0"
