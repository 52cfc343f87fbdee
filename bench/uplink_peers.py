"""The peers of bench/drain.py: one message for each fact, QoS 1, as fast as the library goes.

``uplink_peers.py NAME PORT FILE N``: sends the bodies of the table ``events`` of a SQLite file.
"""

import asyncio
import sqlite3
import sys

TOPIC = "bench/tx"
INFLIGHT = 200


def bodies(path: str, count: int) -> list[bytes]:
    """Return what is to be sent."""
    with sqlite3.connect(path) as db:
        query = "SELECT CAST(body AS BLOB) FROM events ORDER BY seq LIMIT ?"
        return [row[0] for row in db.execute(query, (count,))]


def paho(port: int, rows: list[bytes]) -> None:
    """Pipeline through paho-mqtt."""
    import paho.mqtt.client as mqtt

    client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2, protocol=mqtt.MQTTv5)
    client.max_inflight_messages_set(INFLIGHT)
    client.connect("127.0.0.1", port)
    client.loop_start()
    infos = [client.publish(TOPIC, row, qos=1) for row in rows]
    for info in infos:
        info.wait_for_publish()
    client.disconnect()
    client.loop_stop()


def naive(port: int, rows: list[bytes]) -> None:
    """Publish and wait, one after another, as tutorials do."""
    import paho.mqtt.client as mqtt

    client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2, protocol=mqtt.MQTTv5)
    client.connect("127.0.0.1", port)
    client.loop_start()
    for row in rows:
        client.publish(TOPIC, row, qos=1).wait_for_publish()
    client.disconnect()
    client.loop_stop()


async def aiomqtt(port: int, rows: list[bytes]) -> None:
    """Publish from a hundred tasks through aiomqtt."""
    import aiomqtt as library

    async with library.Client("127.0.0.1", port, max_inflight_messages=INFLIGHT) as client:
        left = iter(rows)

        async def work() -> None:
            for row in left:
                await client.publish(TOPIC, row, qos=1)

        await asyncio.gather(*(work() for _ in range(100)))


async def gmqtt(port: int, rows: list[bytes]) -> None:
    """Publish through gmqtt, as many on the way as the broker allows."""
    import gmqtt as library

    client = library.Client("peer", receive_maximum=65000)
    await client.connect("127.0.0.1", port)
    store = client._persistent_storage  # noqa: SLF001
    for n, row in enumerate(rows, 1):
        client.publish(TOPIC, row, qos=1)
        if n % 1000 == 0:
            await store.wait_empty()
    await store.wait_empty()
    await client.disconnect()


def main() -> None:
    """Run the peer that is named."""
    name, port, path, count = sys.argv[1], int(sys.argv[2]), sys.argv[3], int(sys.argv[4])
    rows = bodies(path, count)
    print("ready", flush=True)
    sys.stdin.readline()
    if name in ("paho", "paho-naive"):
        (paho if name == "paho" else naive)(port, rows)
    else:
        asyncio.run({"aiomqtt": aiomqtt, "gmqtt": gmqtt}[name](port, rows))


if __name__ == "__main__":
    main()
