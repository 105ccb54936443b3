import logging
import sys


class Fails(logging.Handler):
    def emit(self, record):
        try:
            raise OSError("handler")
        except OSError:
            self.handleError(record)


logging.getLogger().addHandler(Fails())
logging.warning("seen %s", "here")


class Closed:
    def write(self, text):
        raise BrokenPipeError(32, "Broken pipe")


def say(word):
    print(word)  # @raise


sys.stdout.close()
say("x")
