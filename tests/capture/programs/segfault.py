import ctypes
import threading


def waits():
    threading.Event().wait()


def crash(address):
    ctypes.string_at(address)  # @raise


threading.Thread(target=waits, daemon=True, name="waits").start()
crash(1)
