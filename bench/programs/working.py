"""Works on, counts its work in a file, and reports about itself when asked through that file.

Usage: working.py KIND FILE. Bytes 0 to 19 of FILE: chunks of work done. 32 to 51: the number of the
last question; when it changes, the report is written to FILE.report and the number to 64 to 83.
"""

import sys

if sys.argv[1] == "gevent":
    from gevent import monkey

    monkey.patch_all()

import json
import os
import threading
import time

from reported import report

kind, path = sys.argv[1:3]
counter = os.open(path, os.O_RDWR)
chunks = 0
answered = b""
MAIN = threading.get_ident()


class Node:
    def __init__(self, value):
        self.value = value
        self.words = str(value) * 3


def chunk():
    global chunks
    found = {}
    for i in range(2000):
        found[i % 97] = [Node(i), i * i % 7]
    chunks += 1  # @counted
    os.pwrite(counter, b"%20d" % chunks, 0)
    if threading.get_ident() == MAIN or kind in ("waiting", "gevent"):
        answer()


def answer():
    global answered
    asked = os.pread(counter, 20, 32).strip(b"\0 ")
    if asked and asked != answered:
        answered = asked
        with open(path + ".report", "w") as file:
            json.dump(report(), file)
        os.pwrite(counter, asked.rjust(20), 64)


def busy():
    while True:
        chunk()


def sleepy():
    while True:
        chunk()
        time.sleep(0.05)


def waiting():
    lock = threading.Lock()
    lock.acquire()
    threading.Thread(target=sleepy, daemon=True).start()
    while True:
        lock.acquire(timeout=1000)


def traced():
    def trace(frame, event, argument):
        return None

    threading.settrace(trace)
    sys.settrace(trace)
    sleepy()


def gevent():
    import gevent

    def beside():
        while True:
            gevent.sleep(0.01)

    for _ in range(5):
        gevent.spawn(beside)
    gevent.spawn(sleepy).join()


for _ in range(3 if kind == "busy4" else 0):
    threading.Thread(target=busy, daemon=True).start()
{
    "busy": busy,
    "busy4": busy,
    "sleepy": sleepy,
    "waiting": waiting,
    "coverage": sleepy,
    "settrace": traced,
    "gevent": gevent,
}[kind]()
