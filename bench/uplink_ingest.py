"""The bare centre of the benches: takes facts in durably and once, without lending rules.

``uplink_ingest.py PORT FILE N batches|single``: ends when N facts are in the file.
"""

import queue
import sqlite3
import sys
import time
from pathlib import Path

import msgspec
import paho.mqtt.client as mqtt
from uplink_world import World

from edge.wire import topics
from edge.wire.batch import Event, decode_batch, encode_event, refers
from edge.wire.cursors import encode_cursor
from edge.wire.messages import Cursor

WORLD = World(b"k" * 32)
CURSOR = topics.CURSOR.of("tinh", "bench")


def main() -> None:
    """Take in until all is there."""
    port, path, count, how = int(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]), sys.argv[4]
    db = sqlite3.connect(path, isolation_level=None)
    db.execute("PRAGMA journal_mode=WAL")
    db.execute("PRAGMA synchronous=FULL")
    db.execute(
        "CREATE TABLE f (epoch TEXT, seq INTEGER, id TEXT, body BLOB, PRIMARY KEY (epoch, seq))"
    )
    heard: queue.SimpleQueue[bytes] = queue.SimpleQueue()
    client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2, client_id="ingest", protocol=mqtt.MQTTv5)
    client.on_message = lambda _c, _u, message: heard.put(message.payload)
    client.on_subscribe = lambda *_: print("ready", flush=True)
    client.connect("127.0.0.1", port)
    client.subscribe([(topics.FACTS.everywhere(), 0), ("bench/tx", 1)])
    client.loop_start()
    have = 0
    while have < count:
        have = _batch(db, client, heard, have) if how == "batches" else _single(db, heard)
    print("done", flush=True)
    time.sleep(0.5)  # the last acknowledgement leaves
    client.disconnect()
    client.loop_stop()


def _batch(
    db: sqlite3.Connection, client: mqtt.Client, heard: "queue.SimpleQueue[bytes]", have: int
) -> int:
    payload = heard.get()
    batch = decode_batch(payload, WORLD)
    if batch.first > have + 1:
        return have
    rows = [
        (batch.epoch, event.seq, event.id, encode_event(event))
        for event in batch.events
        if isinstance(event, Event)
    ]
    db.execute("BEGIN")
    db.executemany("INSERT OR IGNORE INTO f VALUES (?, ?, ?, ?)", rows)
    db.execute("COMMIT")
    have = max(have, rows[-1][1])
    cursor = Cursor(
        epoch=batch.epoch,
        seq=have,
        last=rows[-1][2][-8:] if rows[-1][1] == have else "",
        version=time.time_ns() // 1_000_000,
    )
    client.publish(CURSOR, encode_cursor(cursor, small=refers(payload)), retain=True)
    return have


def _single(db: sqlite3.Connection, heard: "queue.SimpleQueue[bytes]") -> int:
    """Take what waits, up to 2,000 messages a commit; the peers' messages are plain events."""
    payloads = [heard.get()]
    while len(payloads) < 2000 and not heard.empty():
        payloads.append(heard.get())
    rows = [
        (event["id"], event["seq"], payload)
        for payload in payloads
        if (event := msgspec.json.decode(payload))
    ]
    db.execute("BEGIN")
    db.executemany("INSERT OR IGNORE INTO f VALUES ('e', ?2, ?1, ?3)", rows)
    db.execute("COMMIT")
    return int(db.execute("SELECT count(*) FROM f").fetchone()[0])


if __name__ == "__main__":
    main()
