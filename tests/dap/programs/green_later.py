"""Works with the threads of Python until it is told to go on, then with those of gevent or of eventlet,
whichever its argument names."""

# ruff: noqa: E402

import sys
import threading
import time

ANSWER = 42
ASKED = threading.Event()

print("begun", flush=True)
while not ASKED.is_set():
    time.sleep(0.01)

if sys.argv[1] == "gevent":
    from gevent import monkey

    monkey.patch_all()
else:
    import warnings

    warnings.simplefilter("ignore")
    import eventlet

    eventlet.monkey_patch()


def background():
    while True:
        time.sleep(0.05)


threading.Thread(target=background, name="accountant", daemon=True).start()
print("patched", flush=True)
background()
