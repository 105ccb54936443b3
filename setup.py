"""What pyproject.toml cannot say: a file beside the package, which lets IQDEBUG_CAPTURE work in
programs that do not import iqdebug. An editable install does without it."""

import os

from setuptools import setup
from setuptools.command.build_py import build_py

PTH = "iqdebug-capture.pth"


class BuildWithPth(build_py):
    def run(self) -> None:
        super().run()
        self.copy_file(PTH, os.path.join(self.build_lib, PTH), preserve_mode=False)

    def get_outputs(self, include_bytecode: bool = True) -> list[str]:
        return [*super().get_outputs(include_bytecode), os.path.join(self.build_lib, PTH)]


setup(cmdclass={"build_py": BuildWithPth})
