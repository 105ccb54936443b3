"""What iqdebug runs inside a target: standard library only, Python 3.8 and later.

Nothing here imports iqdebug. In a target this package is loaded from its folder under the name
``_iqdebug_agent`` by the code of :mod:`iqdebug.dap.inject`, and removed again on detach.
"""
