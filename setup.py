"""What pyproject.toml cannot say: files from outside the package that a wheel carries.

A .pth beside the package lets IQDEBUG_CAPTURE work in programs that do not import iqdebug; models/ holds the
presets; `iqdebug runtime build` applies the patches of native/. An editable install finds models/ and native/
in the checkout and does without the .pth."""

import glob
import os

from setuptools import setup
from setuptools.command.build_py import build_py

PTH = "iqdebug-capture.pth"
FOLDERS = {"native/patches/*.patch": ("llm", "runtime", "patches"), "models/*": ("models",)}


class BuildWithMore(build_py):
    def run(self) -> None:
        super().run()
        for source, target in self._more():
            self.mkpath(os.path.dirname(target))
            self.copy_file(source, target, preserve_mode=False)

    def get_outputs(self, include_bytecode: bool = True) -> list[str]:
        return [*super().get_outputs(include_bytecode), *(target for _, target in self._more())]

    def _more(self) -> list[tuple[str, str]]:
        package = os.path.join(self.build_lib, "iqdebug")
        inside = [
            (source, os.path.join(package, *folder, os.path.basename(source)))
            for pattern, folder in FOLDERS.items()
            for source in sorted(glob.glob(pattern))
        ]
        return [(PTH, os.path.join(self.build_lib, PTH)), *inside]


setup(cmdclass={"build_py": BuildWithMore})
