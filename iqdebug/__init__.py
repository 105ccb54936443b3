"""iqdebug: a terminal debugger for live Python processes.

PYTEST_DONT_REWRITE: its pytest plugin imports parts of it before the tests begin.
"""

TYPE_CHECKING = False
if TYPE_CHECKING:
    __version__: str


def __getattr__(name: str) -> object:
    """``__version__``, read when it is asked for: ``import iqdebug`` loads nothing else."""
    if name == "__version__":
        from iqdebug.capture.version import VERSION

        return VERSION
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
