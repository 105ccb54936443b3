"""Downloads a model's file, because a person asked: with resume, a check of space and of the sum."""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import httpx

from iqdebug.core.errors import MissingTool, ModelError
from iqdebug.core.messages import message

__all__ = ["data_folder", "pull"]

_MIN_SPARE_BYTES = 256 << 20  # bytes of the disk that are left alone
_DOWNLOAD_CHUNK_BYTES = 1 << 20

OnBytes = Callable[[int, int], None]


class _TooMuch(httpx.RemoteProtocolError):
    """The server sends more than it said."""


def data_folder() -> Path:
    """``$XDG_DATA_HOME/iqdebug/models``, or below ``~/.local/share``."""
    return Path(os.environ.get("XDG_DATA_HOME") or os.path.expanduser("~/.local/share"), "iqdebug", "models")


def pull(
    repository: str,
    file: str,
    *,
    to: Path | None = None,
    endpoint: str | None = None,
    sha256: str = "",
    on_bytes: OnBytes | None = None,
) -> Path:
    """The file, whole and checked. What an interrupted download left is gone on with.

    :param on_bytes: called with bytes done and bytes in all.
    :raises MissingTool: huggingface_hub is not installed.
    :raises ModelError: no such file, no room, no server, or another checksum than the hub names.
    """
    try:
        from huggingface_hub import get_hf_file_metadata, get_token, hf_hub_url
    except ImportError:
        raise MissingTool(
            message("llm.pull.no_hub"), message("llm.pull.no_hub.why"), "pip install 'iqdebug[pull]'"
        ) from None
    where = (endpoint or os.environ.get("HF_ENDPOINT") or "https://huggingface.co").rstrip("/")
    named = f"{repository}/{file}"
    try:
        url = hf_hub_url(repository, file, endpoint=where)
        about = get_hf_file_metadata(url, endpoint=where)
        total, etag = about.size, (about.etag or "").strip('"').lower()
    except Exception as error:
        # The hub's library has its own HTTP client, another one from version to version.
        foreign = type(error).__module__.partition(".")[0] in (
            "httpx",
            "httpx2",
            "huggingface_hub",
            "requests",
        )
        if not foreign and not isinstance(error, (OSError, ValueError)):
            raise
        raise _refused(named, where, error) from None
    if not total or total < 0:
        what = message("llm.pull.cannot", file=named)
        raise ModelError(what, message("llm.pull.cannot.why", hub=where))
    expected = etag if len(etag) == 64 else sha256
    if sha256 and expected != sha256:
        what = message("llm.pull.other_file", file=named)
        raise ModelError(what, message("llm.pull.other_file.why", sum=etag))
    target = (to or data_folder()) / Path(file).name
    if target.exists() and target.stat().st_size == total and _sum(target) == expected:
        return target
    part = target.with_name(target.name + ".part")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        done = part.stat().st_size if part.exists() else 0
        if done > total:
            part.unlink()
            done = 0
        free = shutil.disk_usage(target.parent).free
        if free < total - done + _MIN_SPARE_BYTES:
            raise ModelError(
                message("llm.pull.no_room", file=named),
                message(
                    "llm.pull.no_room.why",
                    needed=f"{(total - done) / 1e9:.1f}",
                    free=f"{free / 1e9:.1f}",
                    folder=str(target.parent),
                ),
                message("llm.pull.no_room.fix"),
            )
        token = get_token() if where.startswith("https://") else None
        _fetch(about.location or url, part, done, total, token if about.location == url else None, on_bytes)
    except httpx.HTTPError as error:
        raise ModelError(
            message("llm.pull.broke_off", file=named),
            message("llm.pull.too_much") if isinstance(error, _TooMuch) else str(error),
            message("llm.pull.broke_off.fix"),
        ) from None
    except OSError as error:
        raise ModelError(message("llm.pull.cannot_write", path=str(target)), str(error)) from None
    if part.stat().st_size != total:
        raise ModelError(message("llm.pull.broke_off", file=named), fix=message("llm.pull.broke_off.fix"))
    if expected and _sum(part) != expected:
        part.unlink()
        raise ModelError(
            message("llm.pull.damaged", file=named),
            message("llm.pull.damaged.why"),
            message("llm.pull.damaged.fix"),
        )
    part.replace(target)
    return target


def _refused(named: str, where: str, error: Exception) -> ModelError:
    response = getattr(error, "response", None)
    status = getattr(response, "status_code", 0)
    if status == 404:
        what = message("llm.pull.not_there", hub=where, file=named)
        return ModelError(what, fix=message("llm.pull.not_there.fix"))
    if status in (401, 403):
        return ModelError(
            message("llm.pull.not_given", hub=where, file=named),
            message("llm.pull.status", status=status),
            message("llm.pull.not_given.fix"),
        )
    if status:
        return ModelError(
            message("llm.pull.refused", hub=where, file=named),
            message("llm.pull.status", status=status),
            message("llm.pull.refused.fix"),
        )
    reason = str(error).strip().splitlines()
    return ModelError(
        message("llm.pull.unreachable", hub=where),
        reason[0][:200] if reason else "",
        message("llm.pull.unreachable.fix"),
    )


def _fetch(url: str, part: Path, done: int, total: int, token: str | None, on_bytes: OnBytes | None) -> None:
    headers = {"Accept-Encoding": "identity"}
    if token:
        headers["Authorization"] = f"Bearer {token}"
    if done == total:
        return
    if done:
        headers["Range"] = f"bytes={done}-"
    with httpx.stream("GET", url, headers=headers, follow_redirects=True, timeout=30.0) as answer:
        answer.raise_for_status()
        whole = answer.status_code != 206  # a server that knows no ranges begins anew
        with part.open("wb" if whole else "ab") as file:
            done = 0 if whole else done
            for piece in answer.iter_bytes(_DOWNLOAD_CHUNK_BYTES):
                done += len(piece)
                if done > total:
                    raise _TooMuch("")
                file.write(piece)
                if on_bytes:
                    on_bytes(done, total)


def _sum(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while piece := file.read(_DOWNLOAD_CHUNK_BYTES):
            digest.update(piece)
    return digest.hexdigest()
