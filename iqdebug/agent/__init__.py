"""What iqdebug runs inside a target: standard library only, Python 3.8 and later.

Nothing here imports iqdebug, but for :mod:`iqdebug.capture`, which is bound by the same rules. In a
target both are loaded from their folder under the name ``_iqdebug_inside`` by the code of
:mod:`iqdebug.dap.inject`, and removed again on detach.
"""
