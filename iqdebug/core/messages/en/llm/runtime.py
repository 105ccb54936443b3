"""Building the llama.cpp that runs Loop models: progress, the source, the programs, what can go wrong."""

from __future__ import annotations

__all__ = ["TEMPLATES"]

TEMPLATES: dict[str, str] = {
    "llm.build.arch_without_cuda": "--arch names CUDA architectures and needs --cuda",
    "llm.build.cannot_delete": "{path} cannot be deleted",
    "llm.build.cannot_write": "{path} cannot be written: {why}",
    "llm.build.cannot_write.fix": "Name another folder: IQDEBUG_RUNTIME_CACHE=DIR",
    "llm.build.compiling": "compiling [{done}/{total}]",
    "llm.build.configuring": "configuring",
    "llm.build.configuring_line": "configuring: {line}",
    "llm.build.disk_full": "The disk is full; nothing was installed",
    "llm.build.disk_full.fix": "Make room, or name another folder: IQDEBUG_RUNTIME_CACHE=DIR. {rest}",
    "llm.build.disk_full.why": "the disk is full",
    "llm.build.downloading": "downloading llama.cpp's source",
    "llm.build.in_folder": "in {folder}",
    "llm.build.make_room": "Make room, or name another folder: IQDEBUG_RUNTIME_CACHE=DIR",
    "llm.build.no_arch": "{name!r} names no CUDA architecture",
    "llm.build.no_arch.fix": "As CMake writes them: 90, or several: '86;90', or: native",
    "llm.build.no_room": ("The disk is too full for a build: {free} MiB free, about {needed} MiB needed"),
    "llm.build.no_setup": "CMake could not set up the build",
    "llm.build.not_compiled": "llama.cpp could not be compiled",
    "llm.build.out_of_memory": "the compiler ran out of memory",
    "llm.build.out_of_memory.fix": "With fewer at a time: iqdebug runtime build --jobs 1. {rest}",
    "llm.build.said_nothing": "it said nothing",
    "llm.build.toolkit_lacks": "this CUDA toolkit lacks {name}",
    "llm.build.toolkit_lacks.fix": ("Install the whole toolkit: its compiler alone is not enough. {rest}"),
    "llm.build.unpacking": "unpacking and patching",
    "llm.build.waiting": "waiting for another build",
    "llm.build.whole_output": "The whole output: {log}",
    "llm.loop.build": (
        "Build the runtime that does, once: iqdebug runtime build   (on an NVIDIA card: --cuda)"
    ),
    "llm.loop.model": "{model} is a Loop model, which stock llama.cpp does not run",
    "llm.loop.serve": (
        "Or serve the original weights with vLLM, `vllm serve {model}`, and use http://localhost:8000/v1"
    ),
    "llm.loop.this": "This is a Loop model, which stock llama.cpp does not run",
    "llm.source.damaged_patch": "{patch} is damaged: {file}, {hunk}",
    "llm.source.no_patches": "The patches for llama.cpp are missing from this copy of iqdebug",
    "llm.source.no_patches.fix": "Install it again: pip install --force-reinstall iqdebug",
    "llm.source.no_pip": "pip is missing from this Python, and llama.cpp's source is fetched with it",
    "llm.source.no_pip.fix": (
        "Install it (python -m ensurepip), or fetch the sdist elsewhere and pass it: --sdist FILE"
    ),
    "llm.source.no_pip.why": "it was looked for with: {python} -m pip",
    "llm.source.not_downloaded": "llama-cpp-python {version} could not be downloaded",
    "llm.source.offline": (
        "llama-cpp-python {version} could not be downloaded: the package index cannot be reached"
    ),
    "llm.source.offline.fix": (
        "On another machine: pip download --no-deps --no-binary llama-cpp-python "
        "llama-cpp-python=={version}; then here: iqdebug runtime build --sdist FILE"
    ),
    "llm.source.other_file": "{file} is not the file that was asked for; nothing was built",
    "llm.source.other_file.fix": (
        "An index or a proxy served something else. Try again, or pass the file: --sdist FILE"
    ),
    "llm.source.other_file.why": "its sha256 is {sum}…, expected {expected}…",
    "llm.source.other_hash": (
        "The index serves a llama-cpp-python {version} with another hash; nothing was built"
    ),
    "llm.source.other_hash.why": "expected sha256 {sum}",
    "llm.source.other_line": "{patch} does not fit the source: line {line} of {file} is another",
    "llm.source.our_fault": "This is a fault of iqdebug or of a changed sdist; nothing was built.",
    "llm.source.pip_log": "All that pip said: {log}",
    "llm.source.pip_silent": "pip said nothing",
    "llm.source.unreadable": "{path} cannot be read",
    "llm.tools.install_cmake": "On Debian or Ubuntu: apt install cmake ninja-build",
    "llm.tools.looked_for": "looked for: {names}",
    "llm.tools.no_compiler": "No {language} compiler was found, and llama.cpp has to be compiled",
    "llm.tools.no_compiler.fix": (
        "On Debian or Ubuntu: apt install build-essential. On macOS: xcode-select --install."
    ),
    "llm.tools.no_driver": (
        "No NVIDIA driver was found here, so the card's architecture cannot be asked for"
    ),
    "llm.tools.no_driver.fix": (
        "Name it, for example: --arch 90 (H100, H200), 89 (RTX 40), 86 (RTX 30), 120 (RTX 50)."
    ),
    "llm.tools.no_metal": "Metal is only there on macOS",
    "llm.tools.no_metal.fix": "Build with --cuda or --cpu.",
    "llm.tools.no_nvcc": "nvcc, the CUDA compiler, was not found",
    "llm.tools.no_nvcc.fix": (
        "Install the CUDA toolkit (the driver alone is not enough), or set CUDACXX; without CUDA: --cpu."
    ),
    "llm.tools.no_pip": ("CMake and ninja are needed; they are not here, and neither is pip to fetch them"),
    "llm.tools.not_downloaded": ("CMake and ninja are needed; they are not here and could not be downloaded"),
    "llm.tools.not_downloaded.fix": (
        "On Debian or Ubuntu: apt install cmake ninja-build. What pip said: {log}"
    ),
    "llm.tools.not_in_packages": (
        "CMake or ninja is missing, and the packages from the index do not hold them"
    ),
}
