"""The forms in which models write tool calls: a module each, and :mod:`.choice` says which a model writes.

A format says how tools are described to a model whose chat template lists none, how a call is written into
the log, the spellings in which models of the family really write calls, and the grammar that holds from
where a call is certain.
"""
