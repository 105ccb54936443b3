"""Models: what a file holds and what fits, the process that runs it, the token log, the window.

Nothing here knows of debugging. Only :mod:`iqdebug.llm.worker` imports llama_cpp.
"""
