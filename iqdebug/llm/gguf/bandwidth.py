"""How fast this machine's memory is read: measured for RAM, published figures for graphics cards.

Generating a token reads every weight that works on it once, so that the bandwidth divided by those bytes
bounds the speed of an answer from above.
"""

from __future__ import annotations

import ctypes
import threading
import time
from collections.abc import Callable, Sequence

__all__ = ["gpu_bandwidth", "ram_bandwidth"]

_BLOCK = 32 << 20  # bytes a thread reads again and again: more than a share of any cache
_MOST_THREADS = 16
_SECONDS = 0.06
_LOOKS = 3

_GPU_GB_PER_S = {
    "A10": 600,
    "A100 80GB PCIe": 1935,
    "A100-PCIE-40GB": 1555,
    "A100-SXM4-40GB": 1555,
    "A100-SXM4-80GB": 2039,
    "A10G": 600,
    "B200": 8000,
    "H100 80GB HBM3": 3350,
    "H100 PCIe": 2000,
    "H200": 4800,
    "L4": 300,
    "L40S": 864,
    "RTX 2080 Ti": 616,
    "RTX 3060": 360,
    "RTX 3070": 448,
    "RTX 3080": 760,
    "RTX 3080 Ti": 912,
    "RTX 3090": 936,
    "RTX 3090 Ti": 1008,
    "RTX 4060": 272,
    "RTX 4060 Ti": 288,
    "RTX 4070": 504,
    "RTX 4070 Ti": 504,
    "RTX 4080": 717,
    "RTX 4080 SUPER": 736,
    "RTX 4090": 1008,
    "RTX 5070": 672,
    "RTX 5080": 960,
    "RTX 5090": 1792,
    "RTX A6000": 768,
    "T4": 320,
}
"""NVIDIA's data sheets, in 10**9 bytes a second, by the name that nvidia-smi shows without its maker's and
its line's. A laptop's card has another name there, and other figures."""


def gpu_bandwidth(name: str) -> float:
    """Bytes a second, as its maker states; 0 where the card is not listed here."""
    for word in ("NVIDIA ", "Tesla ", "GeForce "):
        name = name.removeprefix(word)
    return _GPU_GB_PER_S.get(name, 0) * 1e9


def ram_bandwidth(cores: int) -> float:
    """Bytes a second that this many threads together read from RAM: the best of three short looks, as other
    programs take their share. Takes about a quarter of a second. 0 where it cannot be measured.
    """
    try:
        find = ctypes.CDLL(None).memchr  # runs without the interpreter's lock
        blocks = [bytearray(b"\x01") * _BLOCK for _ in range(max(1, min(cores, _MOST_THREADS)))]
    except (OSError, AttributeError, MemoryError):
        return 0.0
    find.argtypes, find.restype = (ctypes.c_void_p, ctypes.c_int, ctypes.c_size_t), ctypes.c_void_p
    addresses = [ctypes.addressof(ctypes.c_char.from_buffer(block)) for block in blocks]
    return max(_looked(find, addresses) for _ in range(_LOOKS))


def _looked(find: Callable[[int, int, int], object], addresses: Sequence[int]) -> float:
    """Each thread searches a block of its own for a byte that is not there."""
    rounds = [0] * len(addresses)
    begun = time.perf_counter()

    def keep_reading(number: int, address: int) -> None:
        while time.perf_counter() - begun < _SECONDS:
            find(address, 2, _BLOCK)
            rounds[number] += 1

    workers = [threading.Thread(target=keep_reading, args=each) for each in enumerate(addresses)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    return sum(rounds) * _BLOCK / (time.perf_counter() - begun)
