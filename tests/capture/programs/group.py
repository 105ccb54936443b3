def one():
    left = 1
    raise ValueError("one") from KeyError(left)  # @one


def two():
    raise TypeError("two")


errors = []
for each in (one, two):
    try:
        each()
    except Exception as error:
        error.add_note("while running " + each.__name__)
        errors.append(error)
raise ExceptionGroup("both failed", errors)  # @raise
