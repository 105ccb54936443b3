import asyncio


async def fails(number):
    await asyncio.sleep(0)
    raise LookupError("task %d" % number)  # @raise


async def main():
    asyncio.ensure_future(fails(5))
    await asyncio.sleep(0.01)
    import gc

    gc.collect()
    asyncio.get_event_loop().call_soon(lambda: 1 / 0)
    await asyncio.sleep(0.01)


asyncio.run(main())
