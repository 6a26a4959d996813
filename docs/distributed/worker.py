"""A worker in Python: takes nodes of type "shout" from a broker and answers with their text in capitals."""
import asyncio, json, sys
import nats

TYPE = "shout"


def work(config, given):
    return {"text": str(given["text"]).upper() + "!" * config.get("marks", 1)}


async def repeat(seconds, act):
    while True:
        await act()
        await asyncio.sleep(seconds)


async def main(url, worker):
    broker = await nats.connect(url, name=worker, max_reconnect_attempts=-1)
    stream, queue, busy = broker.jetstream(), None, 0

    def say(subject, **fields):
        return broker.publish(subject, json.dumps({"v": 1, "worker": worker, **fields}).encode())

    registering = asyncio.create_task(
        repeat(1, lambda: say("wf.reg." + worker, version="py", types=[TYPE], slots=1, busy=busy)))
    while not registering.done():
        try:
            queue = queue or await stream.pull_subscribe_bind("type_" + TYPE, "WF_TASKS")
            message = (await queue.fetch(1, timeout=1))[0]
        except (nats.errors.Error, asyncio.TimeoutError):  # Nothing waits, or the broker is away.
            await asyncio.sleep(0.1)
            continue
        task = json.loads(message.data)
        if task["v"] != 1:  # For a worker that knows it.
            await message.nak(delay=5)
            continue
        busy = 1
        beating = asyncio.create_task(repeat(task["heartbeat_ms"] / 1000, message.in_progress))
        start = {"id": task["id"], "token": task["token"], "ack": message.reply}
        await say(f"wf.ev.{task['shard']}.{worker}", kind="started", tasks=[start])
        try:
            if "input_ref" in task:  # It is larger than a message.
                store = await stream.object_store("wf")
                task["input"] = json.loads((await store.get(task["input_ref"])).data)
            answer = {"success": True, "output": work(task["config"], task.get("input"))}
        except Exception as error:
            answer = {"success": False, "error": {"code": "failed", "message": repr(error)}}
        answer |= {key: task[key] for key in ("id", "token", "run", "node", "attempt")} | {"v": 1, "worker": worker}
        subject = ".".join(["wf.res", task["shard"], *message.subject.split(".")[3:]])
        await stream.publish(subject, json.dumps(answer).encode(), headers={"Nats-Msg-Id": "res." + task["token"]})
        await message.ack()  # Only now: a task that is acknowledged has its result on the broker.
        beating.cancel()
        busy = 0


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2]))
