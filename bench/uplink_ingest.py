"""The bare centre of the benches: takes facts in durably and once, without lending rules.

``uplink_ingest.py PORT FILE N batches|single|things``: ends when N facts are in the file, and says
how many more came (those that were there already).
"""

import queue
import sqlite3
import sys
import time
from pathlib import Path
from typing import Any

import msgspec
import paho.mqtt.client as mqtt
from things import LIMITS
from uplink_world import World

from edge.wire import topics
from edge.wire.batch import Event, decode_batch, encode_event, is_newest, refers
from edge.wire.columns import Before, Nothing
from edge.wire.cursors import encode_cursor
from edge.wire.messages import Cursor

WORLD = World(b"k" * 32)
CURSOR = topics.CURSOR.of("tinh", "bench")


class Here(Nothing):
    """What is known here: the library, and the facts that were taken in."""

    def __init__(self, world: World, db: sqlite3.Connection) -> None:
        """Know a library and a file."""
        self.uid, self.card = world.uid, world.card  # type: ignore[method-assign]
        self._db = db

    def before(self, seq: int) -> Before | None:
        """Return the event under this number."""
        row = self._db.execute("SELECT epoch, body FROM f WHERE seq = ?", (seq,)).fetchone()
        return Before("bench", *row) if row else None


def main() -> None:
    """Take in until all is there."""
    port, path, count, how = int(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]), sys.argv[4]
    db = sqlite3.connect(path, isolation_level=None)
    db.execute("PRAGMA journal_mode=WAL")
    db.execute("PRAGMA synchronous=FULL")
    db.execute(
        "CREATE TABLE f (epoch TEXT, seq INTEGER, id TEXT, body BLOB, PRIMARY KEY (epoch, seq)) "
        "WITHOUT ROWID"
    )
    heard: queue.SimpleQueue[bytes] = queue.SimpleQueue()
    client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2, client_id="ingest", protocol=mqtt.MQTTv5)
    client.on_message = lambda _c, _u, message: _hear(client, heard, message)
    client.on_subscribe = lambda *_: print("ready", flush=True)
    client.connect("127.0.0.1", port)
    client.subscribe([(topics.FACTS.everywhere(), 0), ("bench/tx", 1), ("v1/#", 1)])
    client.loop_start()
    have = 0
    came = 0
    while have < count:
        if how == "batches":
            have = _batch(db, client, heard, have)
        else:
            more, fresh = _single(db, heard)
            if not came and how == "things":
                print("first", flush=True)
            came, have = came + more, have + fresh
    print("done", came - have, flush=True)
    time.sleep(0.5)  # the last acknowledgement leaves
    client.disconnect()
    client.loop_stop()


def _batch(
    db: sqlite3.Connection, client: mqtt.Client, heard: "queue.SimpleQueue[bytes]", have: int
) -> int:
    payload = heard.get()
    batch = decode_batch(payload, Here(WORLD, db))
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
    client.publish(
        CURSOR,
        encode_cursor(cursor, small=refers(payload), smaller=is_newest(payload)),
        retain=True,
    )
    return have


def _hear(client: mqtt.Client, heard: "queue.SimpleQueue[bytes]", message: Any) -> None:
    """Put a message where it is taken in; answer what a ThingsBoard server is asked."""
    if "/rpc/request/" in message.topic:
        answer = message.topic.replace("request", "response")
        client.publish(answer, msgspec.json.encode(LIMITS), qos=1)
    elif message.topic == "v1/gateway/telemetry" or not message.topic.startswith("v1/"):
        heard.put(message.payload)


def _single(db: sqlite3.Connection, heard: "queue.SimpleQueue[bytes]") -> tuple[int, int]:
    """Take what waits, up to 2,000 messages a commit; return how many facts came, and were new.

    The peers' messages are plain events, or many by device as values of telemetry.
    """
    payloads = [heard.get()]
    while len(payloads) < 2000 and not heard.empty():
        payloads.append(heard.get())
    rows = []
    for payload in payloads:
        said = msgspec.json.decode(payload)
        for one in [said] if "id" in said else [point for all_ in said.values() for point in all_]:
            body = one["values"]["event"] if "values" in one else payload
            event = msgspec.json.decode(body) if "values" in one else one
            rows.append((event["id"], event["seq"], body))
    db.execute("BEGIN")
    fresh = db.executemany("INSERT OR IGNORE INTO f VALUES ('e', ?2, ?1, ?3)", rows).rowcount
    db.execute("COMMIT")
    return len(rows), fresh


if __name__ == "__main__":
    main()
