"""Brings iqdebug's agent into a program that ``iqdebug run`` starts, before its first line.

The folder of this file stands first on the program's ``PYTHONPATH``. Guarantee: the program finds
``sys.path``, ``sys.modules`` and the environment as without it (its children too), the next
``sitecustomize`` runs if there is one, nothing is printed, and whatever goes wrong here the
program runs.
"""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict


def _settled() -> "Dict[str, Any]":
    """The client's word on what to do ({} when there is none), with every trace of how it came
    here taken away."""
    import os
    import sys

    here = os.path.dirname(os.path.abspath(__file__))
    sys.path[:] = [entry for entry in sys.path if os.path.abspath(entry) != here]
    sys.path_importer_cache.pop(here, None)
    path = os.environ.pop("IQDEBUG_RUN", "")
    if not path:
        return {}
    # A dictionary of texts; `ast` and `json` would bring a dozen modules with them.
    setup: "Dict[str, Any]" = {}
    with open(path, encoding="utf-8", errors="surrogateescape") as file:
        for line in file:
            name, _, value = line.rstrip("\n").partition("=")
            setup[name] = value
    if "pythonpath" in setup:
        os.environ["PYTHONPATH"] = setup["pythonpath"]
    else:
        os.environ.pop("PYTHONPATH", None)
    return setup


def _boot() -> None:
    import sys

    try:
        setup = _settled()
        if setup:
            package: "Any" = type(sys)("_iqdebug_inside")
            package.__path__ = [setup["inside"]]
            package.__package__ = "_iqdebug_inside"
            package.session = setup["token"]
            sys.modules["_iqdebug_inside"] = package
            from _iqdebug_inside.agent.launched import begin  # type: ignore[import-not-found]

            begin(setup)
    except BaseException:
        for name in [n for n in sys.modules if n.split(".")[0] == "_iqdebug_inside"]:
            sys.modules.pop(name, None)


def _next() -> None:
    """The sitecustomize that this one stands before.

    :raises ImportError: there is none; raised by the import of this file, it is what ``site``
        takes for "no sitecustomize", and the module is not kept.
    """
    import importlib
    import sys

    sys.modules.pop("sitecustomize", None)
    importlib.import_module("sitecustomize")


_boot()
_next()
