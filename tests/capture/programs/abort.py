import os


def give_up():
    os.abort()  # @raise


give_up()
