class Closing:
    def __del__(self):
        state = "closing"
        raise ValueError("in del " + state)  # @raise


closing = Closing()
del closing
print("goes on")
