"""A coroutine function is called without await: its result is a coroutine, not the price."""

import asyncio


async def fetch_price(item):
    await asyncio.sleep(0)
    return {"tea": 4.5, "cup": 12.0}[item]


async def total(items):
    amount = 0
    for item in items:
        price = fetch_price(item)  # @unawaited
        amount += price  # @fails
    return amount


if __name__ == "__main__":
    print(asyncio.run(total(["tea", "cup"])))
