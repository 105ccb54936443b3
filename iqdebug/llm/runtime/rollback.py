"""How far back the end of the log may be cut without evaluating what is before it again.

Pass 2 of a Loop model looks at a sliding window only, so llama.cpp keeps its keys and values in a small
ring. A token that is evaluated after a cut needs the keys of the window before the cut. Where the ring has
overwritten them, they cannot be computed from what is left: each depends on its own window, layer by layer.
The patched llama.cpp then answers false to ``seq_rm`` and removes nothing; whoever cuts must look at that
answer and, when it is false, clear the cache and evaluate the log from its beginning.

These functions tell it beforehand, for plans and for the choice of ``swa_full``.
"""

from __future__ import annotations

__all__ = ["safe_rollback_limit", "swa_cells"]

_CELLS_STEP = 256  # llama.cpp rounds the ring up to a multiple of this


def swa_cells(
    window: int, *, n_ctx: int, n_ubatch: int = 512, n_seq_max: int = 1, swa_full: bool = False
) -> int:
    """Tokens whose pass 2 the cache holds, in a unified cache.

    :param window: ``loop.window_size`` of the file.
    :param n_ctx: tokens of the context.
    :param n_ubatch: tokens evaluated at once (llama.cpp's physical batch).
    :param n_seq_max: sequences that share the cache.
    :param swa_full: pass 2 is kept for the whole context; it doubles the memory of the cache.
    """
    if swa_full:
        return n_ctx
    return -(-min(n_ctx, window * n_seq_max + n_ubatch) // _CELLS_STEP) * _CELLS_STEP


def safe_rollback_limit(
    length: int,
    window: int,
    *,
    n_ctx: int,
    n_ubatch: int = 512,
    n_seq_max: int = 1,
    swa_full: bool = False,
) -> int:
    """How many of ``length`` evaluated tokens can be cut off the end so that evaluation goes on exactly.

    Cutting all of them is always possible and not what is meant here. The limit holds for tokens that
    were evaluated one after another and alone; after a cut, or with another sequence in the cache, the ring
    has less behind it, and the answer of ``seq_rm`` is what counts.

    :param length: evaluated tokens, at most ``n_ctx``.
    """
    cells = swa_cells(window, n_ctx=n_ctx, n_ubatch=n_ubatch, n_seq_max=n_seq_max, swa_full=swa_full)
    if length <= cells:
        return length
    return cells - (window - 1)
