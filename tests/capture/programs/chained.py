def read(path):
    raise OSError(2, "No such file", path)  # @cause


def load(path):
    try:
        read(path)
    except OSError as error:
        raise ValueError("cannot load") from error  # @middle


def main():
    settings = {"path": "/nowhere"}
    try:
        load(settings["path"])
    except ValueError:
        raise KeyError("settings")  # @raise


main()
