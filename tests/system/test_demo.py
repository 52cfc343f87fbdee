import signal
import time

import pytest

pytestmark = pytest.mark.system


def gone(demo) -> bool:
    deadline = time.monotonic() + 10
    while demo.processes() and time.monotonic() < deadline:
        time.sleep(0.1)
    return not demo.processes()


def test_a_demo_starts_stops_and_continues_with_its_data(fresh_demo):
    fresh_demo.start()
    for door in ("hall", "console", "kiosk-tinh"):
        assert fresh_demo.places.url(door) in fresh_demo.said
    names = " ".join(fresh_demo.processes())
    assert all(word in names for word in ("mosquitto", "shelfwire-gateway", "demo.world"))
    assert sum("shelfwire agent" in line for line in fresh_demo.processes()) == 4
    assert fresh_demo.stop() == 0
    assert gone(fresh_demo)

    fresh_demo.start()
    assert "certificate" not in fresh_demo.said
    assert fresh_demo.stop() == 0
    assert gone(fresh_demo)


def test_a_killed_demo_leaves_no_process_behind(fresh_demo):
    fresh_demo.start()
    assert len(fresh_demo.processes()) >= 7
    fresh_demo.stop(signal.SIGKILL)
    assert gone(fresh_demo)


def test_ctrl_c_while_it_starts_stops_everything_too(fresh_demo):
    process = fresh_demo.begin()
    process.stdout.readline()
    time.sleep(0.5)
    fresh_demo.stop()
    assert gone(fresh_demo)


def test_two_demos_do_not_share_a_folder(fresh_demo):
    fresh_demo.start()
    other = type(fresh_demo)(fresh_demo.folder)
    process = other.begin()
    assert process.wait(20) == 1
    process.stdout.close()
    assert len(fresh_demo.processes()) >= 7


def test_a_small_day_loses_nothing_and_doubles_nothing(day):
    status, numbers, said = day(visits=14, seed=2)
    assert status == 0, said
    assert numbers["lost"] == numbers["doubled"] == 0, said
    assert numbers["visits"] == 14
    assert numbers["facts"] > 20
    assert numbers["alarms_wrong"] == 0, said


def test_a_day_on_the_embedded_broker_is_as_good(day):
    status, numbers, said = day("--broker", "embedded", visits=6, seed=4)
    assert "embedded broker" in said
    assert status == 0, said
    assert numbers["lost"] == numbers["doubled"] == 0, said
