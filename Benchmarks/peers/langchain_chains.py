"""No-op Runnables and a streaming model, for the backend of type langchain and for plain Python."""
import asyncio
import time

from langchain_core.runnables import RunnableGenerator, RunnableLambda


async def _same(value):
    return value


noop = RunnableLambda(_same)


async def _tokens(values):
    async for _ in values:
        pass
    for _ in range(100):
        await asyncio.sleep(0.005)
        yield str(time.time())


tokens = RunnableGenerator(_tokens)
"""Each token is the time at which it was there."""


def chain(count):
    made = noop
    for _ in range(count - 1):
        made = made | noop
    return made


def measure(count, at_once, seconds):
    """Runs chains under one loop, and prints runs a second and the median of their times in milliseconds."""

    async def main():
        runnable, times = chain(count), []
        await runnable.ainvoke({"n": 1})
        end = time.perf_counter() + seconds

        async def one():
            while (begin := time.perf_counter()) < end:
                await runnable.ainvoke({"n": 1})
                times.append(time.perf_counter() - begin)

        begin = time.perf_counter()
        await asyncio.gather(*[one() for _ in range(at_once)])
        print(len(times) / (time.perf_counter() - begin), sorted(times)[len(times) // 2] * 1e3)

    asyncio.run(main())


if __name__ == "__main__":
    import sys

    measure(int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3]))
