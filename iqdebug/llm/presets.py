"""The presets: what is known of a model beyond its file. One TOML file each, the person's own first."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated

import msgspec

from iqdebug.core.errors import ModelError
from iqdebug.core.messages import message
from iqdebug.llm.gguf.header import row_bytes
from iqdebug.llm.gguf.inspect import Inspection, Shape
from iqdebug.llm.gguf.plan import Weights
from iqdebug.llm.tool_formats.choice import FORMATS

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

__all__ = [
    "GENERIC",
    "GgufFile",
    "Preset",
    "PresetSampling",
    "PresetShape",
    "config_folder",
    "preset_for",
    "presets",
]

GENERIC = "generic"


class PresetSampling(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    temperature: float = 0.6
    top_p: float = 0.85
    top_k: int = 20
    min_p: float = 0.0
    repeat_penalty: float = 1.0


class PresetShape(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    layers: int
    width: int
    heads: int
    kv_heads: int
    head_dim: int
    feed_forward: int
    vocabulary: int
    context: int
    loops: int = 1
    window: int = 0

    def shape(self) -> Shape:
        return Shape(**msgspec.structs.asdict(self))


class GgufFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A file that is publicly known. ``gigabytes`` (of 10**9 bytes) is 0 and ``sha256`` "" where it is not
    known."""

    repository: str
    file: str
    quantisation: str
    gigabytes: float = 0
    sha256: str = ""

    def weights(self, shape: Shape) -> Weights:
        """The file's size, divided as llama.cpp's quantiser does it: the embedding, the output layer in q6_K
        at least, and the same to each layer. Their sum is exact."""
        kind = "q8_0" if self.quantisation == "q8_0" else "q4_K"
        embedding = row_bytes(kind, shape.width * shape.vocabulary)
        output = row_bytes("q8_0" if kind == "q8_0" else "q6_K", shape.width * shape.vocabulary)
        layer, rest = divmod(max(0, int(self.gigabytes * 1e9) - embedding - output), shape.layers)
        return Weights((layer,) * shape.layers, embedding + rest, output)


class Preset(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """:param match: words that the model's name must all contain, in small letters without separators.
    :param tool_format: a name of :data:`~iqdebug.llm.tool_formats.choice.FORMATS`; "" where the template is
        to tell.
    :param code: it was trained for code, as its maker says.
    :param active_share: of the weights, what is read for one token: less than 1 for a mixture of experts.
    :param licence: of the weights, by name.
    :param note: for a person: what is not known, or what this model needs.
    """

    name: str
    title: str
    match: tuple[str, ...] = ()
    context: int = 131072
    thinking: tuple[str, str] | None = None
    tool_format: str = ""
    sampling: PresetSampling = PresetSampling()
    shape: PresetShape | None = None
    code: bool = False
    active_share: Annotated[float, msgspec.Meta(gt=0, le=1)] = 1.0
    source: str = ""
    licence: str = ""
    files: tuple[GgufFile, ...] = ()
    note: str = ""

    @property
    def usual_file(self) -> GgufFile | None:
        """What is fetched where a person names no quantisation; None where no public file is known."""
        first = self.files[:1]
        return next(
            (file for file in self.files if file.quantisation == "q4_k_m"), first[0] if first else None
        )


def config_folder() -> Path:
    """``$XDG_CONFIG_HOME/iqdebug``, or ``~/.config/iqdebug``."""
    return Path(os.environ.get("XDG_CONFIG_HOME") or os.path.expanduser("~/.config"), "iqdebug")


def presets(folder: Path | None = None) -> dict[str, Preset]:
    """By name; the person's own (``models/*.toml`` in the config folder) replace ours.

    :raises ModelError: one of their files is wrong; it names the file and the line.
    """
    by_name = {}
    own = (folder or config_folder()) / "models"
    for place in (_shipped(), own):
        for path in sorted(place.glob("*.toml")) if place.is_dir() else []:
            preset = _read(path)
            by_name[preset.name] = preset
    return by_name


def _shipped() -> Path:
    """``iqdebug/models``, where the wheel has them; in a checkout ``models/`` beside the package."""
    package = Path(__file__).resolve().parents[1]
    installed = package / "models"
    return installed if installed.is_dir() else package.parent / "models"


def _read(path: Path) -> Preset:
    fix = message("llm.preset.fix", folder=str(path.parent))
    try:
        text = path.read_text("utf-8")
        data: dict[str, object] = tomllib.loads(text)
    except (OSError, ValueError) as error:
        raise ModelError(message("llm.preset.unreadable", file=path.name), str(error), fix) from None
    try:
        preset = msgspec.convert({"name": path.stem, "title": path.stem, **data}, Preset)
    except msgspec.ValidationError as error:
        what = message("llm.preset.wrong", file=path.name, line=_line(text, str(error)))
        raise ModelError(what, str(error), fix) from None
    if preset.tool_format and preset.tool_format not in FORMATS:
        what = message("llm.preset.wrong", file=path.name, line=_line(text, "`$.tool_format`"))
        known = tuple(FORMATS)
        raise ModelError(what, message("llm.preset.no_format", name=preset.tool_format, known=known), fix)
    return preset


def _line(text: str, error: str) -> int | None:
    """The line of the key that msgspec's error names, where it stands in the text."""
    at = error.partition("`$.")[2].partition("`")[0]
    unknown = error.partition("unknown field `")[2].partition("`")[0]
    key = unknown or at.rsplit(".", 1)[-1].partition("[")[0]
    for number, line in enumerate(text.splitlines(), 1):
        if key and line.strip().strip("[]").partition("=")[0].strip().strip('"') == key:
            return number
    return None


def _plain(name: str) -> str:
    return "".join(c for c in name.lower() if c.isalnum())


def preset_for(what: Inspection, known: dict[str, Preset] | None = None) -> Preset:
    """The preset whose words are all in the model's name (the most words win) and whose shape, where it
    states one, is the file's; else the generic one."""
    known = presets() if known is None else known
    names = _plain(what.name), _plain(Path(what.path).stem)
    best = known[GENERIC]
    for preset in known.values():
        if not preset.match or not any(all(word in name for word in preset.match) for name in names):
            continue
        if preset.shape is not None and not _same(preset.shape, what.shape):
            continue
        if len(preset.match) > len(best.match):
            best = preset
    return best


def _same(preset: PresetShape, shape: Shape) -> bool:
    return (preset.layers, preset.width, preset.loops) == (shape.layers, shape.width, shape.loops)
