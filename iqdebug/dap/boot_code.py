"""The Python source that is run in a target to start the agent."""

from __future__ import annotations

from pathlib import Path

import debugpy

from iqdebug.dap.rendezvous import NO_THREAD, Rendezvous

__all__ = ["boot_code"]

# Runs in the target's main thread, with `setup` and `refusal` among its names.
_BOOT = """
import _thread
import sys

def genuine(name):
    # The interpreter's own function, whatever gevent or another has put in its place.
    function = getattr(_thread, name, None)
    if type(function) is type(len) and function.__module__ == '_thread':
        return function
    if sys.version_info >= (3, 10):
        import _imp
        from _frozen_importlib import BuiltinImporter
        fresh = _imp.create_builtin(BuiltinImporter.find_spec('_thread'))
        _imp.exec_builtin(fresh)
        return getattr(fresh, name)
    import gc
    for each in gc.get_objects():
        if type(each) is type(len) and each.__name__ == name and each.__module__ == '_thread':
            return each
    raise LookupError(name)

def forget():
    for name in [n for n in sys.modules if n.split('.')[0] == '_iqdebug_inside']:
        sys.modules.pop(name, None)

def refuse():
    # Never waits: this may be the target's only thread.
    try:
        import _socket
        connection = _socket.socket(_socket.AF_UNIX, _socket.SOCK_STREAM)
        connection.setblocking(False)
        connection.connect(setup['socket'])
        connection.send(('iqdebug %s %s\\n' % (setup['token'], refusal)).encode())
        connection.close()
    except BaseException:
        pass

def report(error):
    try:
        text = [a for a in error.args[:1] if type(a) is str]
        with open(setup['note'], 'w', encoding='utf-8', errors='replace') as file:
            file.write(': '.join([type(error).__name__] + text))
    except BaseException:
        pass

def boot():
    try:
        if ident() == main:
            return refuse()
        package = type(sys)('_iqdebug_inside')
        package.__path__ = [setup['inside']]
        package.__package__ = '_iqdebug_inside'
        package.session = setup['token']
        present = sys.modules.setdefault('_iqdebug_inside', package)
        if present is not package and getattr(present, 'session', None) == package.session:
            return
        sys.modules['_iqdebug_inside'] = package
        from _iqdebug_inside.agent.unpatched import Importer
        importer = Importer(setup['debugpy'], main)
        importer.load('_iqdebug_inside.agent.' + setup['module']).run(setup, importer)
    except BaseException as error:
        # Leave nothing half begun, so that the same code may be sent again.
        forget()
        refuse() if type(error).__name__ == 'NotFound' else report(error)

def begin():
    try:
        with open(setup['unmonitored'], encoding='utf-8') as file:
            names = {}
            exec(compile(file.read(), '<iqdebug>', 'exec'), names)
        names['run_unmonitored'](boot)
    except BaseException:
        boot()

# `threading` takes the thread that first imports it for the main one: that must be this one.
try:
    import threading
except BaseException:
    pass
try:
    ident, start = genuine('get_ident'), genuine('start_new_thread')
    main = ident()
except BaseException:
    refuse()
else:
    try:
        start(begin, ())
    except BaseException as error:  # raised here it would come out of a line of the program
        report(error)
"""


def boot_code(rendezvous: Rendezvous) -> str:
    """Python source that starts the agent in a thread and leaves no name behind.

    Nothing in it waits in the thread that runs it. Where no thread of the system can be started, it
    says so over the rendezvous and does nothing more.

    It must run in any interpreter from 3.8 on, in any module's namespace, print nothing and
    raise nothing. Run again for the same session, it does nothing.
    """
    setup = {
        "socket": str(rendezvous.path),
        "token": rendezvous.token,
        "mask": rendezvous.mask,
        "debugpy": str(Path(debugpy.__file__).resolve().parent.parent),
    }
    inside = Path(__file__).resolve().parent.parent
    setup |= {"inside": str(inside), "module": rendezvous.module}
    setup |= {"unmonitored": str(inside / "agent" / "unmonitored.py"), "note": str(rendezvous.note)}
    names = {"__name__": "_iqdebug_boot", "setup": setup, "refusal": NO_THREAD}
    # A module's own `exec` may be anything; builtins' cannot.
    return f"__import__('builtins').exec({_BOOT!r}, {names!r})"
