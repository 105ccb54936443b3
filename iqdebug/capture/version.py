"""The version of iqdebug. It stands here, and only here: the recorder names it in crash files and may import
nothing above this package; packaging and ``iqdebug --version`` read it from here."""

VERSION = "0.1.0"
