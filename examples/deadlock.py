"""Two threads take the same two locks in opposite order: each waits for ever for the other."""

import threading

a_lock = threading.Lock()
b_lock = threading.Lock()
both_hold_one = threading.Barrier(2)


def first():
    with a_lock:  # @first-holds
        both_hold_one.wait()
        with b_lock:  # @first-waits
            print("never printed")


def second():
    with b_lock:  # @second-holds
        both_hold_one.wait()
        with a_lock:  # @second-waits
            print("never printed")


if __name__ == "__main__":
    threads = [threading.Thread(target=job, name=job.__name__) for job in (first, second)]
    for thread in threads:
        thread.start()
    print("ready", flush=True)
    for thread in threads:
        thread.join()  # @join
