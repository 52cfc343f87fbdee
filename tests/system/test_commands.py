"""Every command of the console, from its door to a real agent and back, in a running demo."""

import json
import time
import urllib.request

import pytest

from demo.places import PIS

pytestmark = pytest.mark.system
PATIENCE = 90
OVER = {"done", "failed", "refused", "expired"}


def post(demo, path, body):
    headers = {
        "Authorization": f"Bearer {demo.places.secrets()['token']}",
        "Content-Type": "application/json",
    }
    data = json.dumps(body).encode()
    request = urllib.request.Request(demo.places.url("console") + path, data, headers)  # noqa: S310
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(request, timeout=10) as answer:
        return json.loads(answer.read())


def until(seen, what):
    deadline = time.monotonic() + PATIENCE
    while not (found := seen()):
        assert time.monotonic() < deadline, what
        time.sleep(0.1)
    return found


def command(demo, device, deed, **args):
    """Ask for something and wait for its end; return what became of it."""
    ident = post(demo, "api/commands", {"device": device, "do": deed, "args": args})["id"]

    def over():
        found = demo.get("console", f"api/commands/{ident}")
        return found if found["state"] in OVER else None

    return until(over, f"{deed} of {device}")


def numbers(demo, device):
    health = demo.get("console", f"api/devices/{device}")["health"] or {}
    return health.get("numbers", {})


def test_every_command_is_done_by_the_machine_it_is_for(demo):
    devices = [pi.device for pi in PIS]
    until(lambda: all(numbers(demo, one) for one in devices), "every machine says how it is")

    assert command(demo, "tinh-gate", "mute", minutes=5, why="test")["state"] == "done"
    until(lambda: numbers(demo, "tinh-gate").get("gate_muted"), "the gate says that it is muted")
    assert command(demo, "tinh-gate", "mute", minutes=0)["state"] == "done"
    until(lambda: not numbers(demo, "tinh-gate").get("gate_muted"), "it rings again")

    logs = command(demo, "tinh-drop", "logs", lines=20)
    assert logs["state"] == "done"
    assert logs["reply"]["lines"]

    seen = command(demo, "tinh-kiosk", "screen")
    assert seen["state"] == "done"
    assert seen["reply"]["screen"]["screen"]
    assert command(demo, "tinh-kiosk", "out_of_service")["state"] == "done"
    closed = command(demo, "tinh-kiosk", "screen")["reply"]["screen"]["screen"]
    assert closed != seen["reply"]["screen"]["screen"]
    assert command(demo, "tinh-kiosk", "in_service")["state"] == "done"
    assert command(demo, "tinh-kiosk", "test")["state"] == "done"
    assert command(demo, "tinh-kiosk", "resolve")["state"] == "done"
    assert "receipt" in command(demo, "tinh-kiosk", "reprint")["why"]

    assert command(demo, "tinh-drop", "open_bin", bin="1")["state"] == "done"
    assert command(demo, "tinh-drop", "health")["state"] == "done"
    assert command(demo, "xa-all", "replica")["state"] == "done"

    refused = command(demo, "tinh-gate", "screen")
    assert refused["state"] in ("refused", "failed")
    assert refused["why"], "staff are told why"


def test_a_machine_starts_again_when_asked_and_says_so_afterwards(demo):
    for deed in ("reread", "restart"):
        boots = demo.get("console", "api/devices/tinh-drop")["health"]["boot"]
        assert command(demo, "tinh-drop", deed)["state"] == "done", deed
        until(
            lambda before=boots: (
                demo.get("console", "api/devices/tinh-drop")["health"]["boot"] != before
            ),
            f"it is there again after {deed}",
        )


def test_a_computer_that_may_not_be_started_from_afar_says_so(demo):
    refused = command(demo, "tinh-drop", "reboot")  # how it is done: tests/edge/orders
    assert refused["state"] == "refused"
    assert "rebooted" in refused["why"]


def test_a_configuration_that_cannot_be_used_changes_nothing(demo):
    file = demo.places.pi("tinh-gate") / "edge.toml"
    good = file.read_text("utf-8")
    try:
        file.write_text(good + "\n[nonsense]\n", "utf-8")
        refused = command(demo, "tinh-gate", "reread")
    finally:
        file.write_text(good, "utf-8")
    assert refused["state"] == "refused"
    assert "nonsense" in refused["why"]
