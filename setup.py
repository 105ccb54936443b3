"""What pyproject.toml cannot say: a file beside the package, which lets IQDEBUG_CAPTURE work in
programs that do not import iqdebug, and the patches of native/, which `iqdebug runtime build` applies.
An editable install does without either."""

import glob
import os

from setuptools import setup
from setuptools.command.build_py import build_py

PTH = "iqdebug-capture.pth"
PATCHES = sorted(glob.glob("native/patches/*.patch"))


class BuildWithMore(build_py):
    def run(self) -> None:
        super().run()
        for source, target in self._more():
            self.mkpath(os.path.dirname(target))
            self.copy_file(source, target, preserve_mode=False)

    def get_outputs(self, include_bytecode: bool = True) -> list[str]:
        return [*super().get_outputs(include_bytecode), *(target for _, target in self._more())]

    def _more(self) -> list[tuple[str, str]]:
        inside = os.path.join(self.build_lib, "iqdebug", "llm", "runtime", "patches")
        patches = [(patch, os.path.join(inside, os.path.basename(patch))) for patch in PATCHES]
        return [(PTH, os.path.join(self.build_lib, PTH)), *patches]


setup(cmdclass={"build_py": BuildWithMore})
