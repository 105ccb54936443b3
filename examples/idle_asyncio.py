"""An event loop with nothing to do: the consumer waits for an event that nobody sets."""

import asyncio


async def produce(ready):
    await asyncio.sleep(0)
    print("ready", flush=True)
    # The line that is missing here: tell the consumer.


async def consume(results_in):
    await results_in.wait()  # @waits
    print("never printed")


async def main():
    results_in = asyncio.Event()
    consumer = asyncio.create_task(consume(results_in), name="consumer")
    await produce(results_in)
    await consumer  # @main-waits


if __name__ == "__main__":
    asyncio.run(main())  # @run
