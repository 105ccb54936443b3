"""What the commands print with ``--json``: frozen values, one type a document.

Each module holds the types of some commands, and the functions that make them of the values that the
screens and the text output show too. Nothing else in iqdebug writes keys of JSON for people's programs.
A type may get a further key; a key that changes its meaning or goes away makes a new version of the
document's schema. :mod:`iqdebug.cli.schemas` writes the JSON Schemas of all of them.
"""
