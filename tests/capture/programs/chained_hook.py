import sys
import threading


def mine(kind, value, trace):
    print("my own hook saw", kind.__name__)


sys.excepthook = mine
threading.excepthook = lambda args: print("my thread hook saw", args.exc_type.__name__)
thread = threading.Thread(target=lambda: [][1])
thread.start()
thread.join()
import iqdebug.capture  # noqa: E402

iqdebug.capture.install()
thread = threading.Thread(target=lambda: [][2])
thread.start()
thread.join()
raise ValueError("to my hook")
