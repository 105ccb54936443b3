"""Compares what a model says with what is known of the stop.

``sentences`` cuts an answer, ``claims`` reads statements out of a sentence, ``facts`` looks them up, and
``check`` gives a mark for each that is not so. Nothing is asked of the process and nothing is changed.
Conservative: what may be meant otherwise, or cannot be looked up, gets no mark.
"""

from __future__ import annotations

from iqdebug.assistant.fact_check.check import AnswerCheck
from iqdebug.assistant.fact_check.facts import Facts

__all__ = ["AnswerCheck", "Facts"]
