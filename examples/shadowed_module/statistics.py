"""Visitors of last week; the name of this file is what is wrong with it."""

VISITORS = {"mon": 12, "tue": 18, "wed": 9}
