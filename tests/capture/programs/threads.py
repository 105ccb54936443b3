import threading

barrier = threading.Barrier(2)


def worker(number):
    barrier.wait()
    return 1 // (number - number)  # @raise


threads = [threading.Thread(target=worker, args=(n,), name="worker-%d" % n) for n in (1, 2)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print("joined")
