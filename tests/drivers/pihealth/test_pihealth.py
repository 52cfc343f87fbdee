import os
from dataclasses import fields, replace
from importlib.metadata import entry_points
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.errors import FrameError
from drivers.pihealth import PI, PiHealth, PiHealthOptions, throttled
from drivers.ports import MachineReading


class Pi:
    """A machine made of files."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.options = PiHealthOptions(root=root, disk=root, vcgencmd="")

    def says(self, name: str, text: str) -> None:
        file = self.root / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)

    def has_disk(self, name: str = "mmcblk0") -> None:
        """Let the folder lie on a partition of this disk."""
        number = self.root.stat().st_dev
        self.says(f"sys/block/{name}/{name}p2/partition", "2\n")
        link = self.root / f"sys/dev/block/{os.major(number)}:{os.minor(number)}"
        link.parent.mkdir(parents=True)
        link.symlink_to(self.root / f"sys/block/{name}/{name}p2")

    def is_asking(self) -> bool:
        """Say whether the program that wrote its number is still at work."""
        file = self.root / "pid"
        return file.exists() and Path("/proc", file.read_text().strip() or "none").exists()

    async def reading(self) -> MachineReading:
        return await PiHealth(self.options).reading()


@pytest.fixture
def pi(tmp_path: Path) -> Pi:
    return Pi(tmp_path)


def test_the_driver_is_found_by_name_and_explains_its_options() -> None:
    found = {entry.name: entry for entry in entry_points(group="shelfwire.drivers")}
    assert found["pihealth"].load() is PI
    assert all(option.metadata["help"] for option in fields(PiHealthOptions))


async def test_a_machine_that_says_nothing_is_not_said_to_be_well(pi: Pi) -> None:
    reading = await pi.reading()
    assert reading.temperature is None
    assert reading.throttled is None
    assert reading.disk_wear is None
    assert reading.clock == "none"
    assert reading.disk_free


async def test_the_hottest_sensor_counts(pi: Pi) -> None:
    pi.says("sys/class/thermal/thermal_zone0/temp", "48300\n")
    pi.says("sys/class/thermal/thermal_zone1/temp", "61500\n")
    pi.says("sys/class/thermal/thermal_zone2/temp", "-274000\n")
    pi.says("sys/class/thermal/thermal_zone3/temp", "broken\n")
    assert (await pi.reading()).temperature == 61.5


@pytest.mark.parametrize("where", ["soc/soc:firmware", "axi/axi:firmware"])
async def test_the_kernel_tells_of_low_voltage_now_and_before(pi: Pi, where: str) -> None:
    pi.says(f"sys/devices/platform/{where}/get_throttled", "50005\n")
    reading = await pi.reading()
    assert reading.throttled == {"under_voltage", "throttled"}
    assert reading.throttled_before == {"under_voltage", "throttled"}


@pytest.mark.parametrize(
    ("says", "now"),
    [
        ("echo throttled=0xe0008", {"hot"}),
        ("echo VCHI initialization failed", None),
        ("exit 1", None),
    ],
)
async def test_the_firmware_is_asked_when_the_kernel_does_not_tell(
    pi: Pi, says: str, now: set[str] | None
) -> None:
    pi.says("vcgencmd", f"#!/bin/sh\n{says}\n")
    (pi.root / "vcgencmd").chmod(0o700)
    pi.options = replace(pi.options, vcgencmd=str(pi.root / "vcgencmd"))
    assert (await pi.reading()).throttled == now


async def test_a_firmware_program_that_hangs_is_ended(
    pi: Pi, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("drivers.pihealth.sensors._COMMAND_SECONDS", 0.2)
    pi.says("vcgencmd", f"#!/bin/sh\necho $$ >{pi.root}/pid\nexec sleep 600\n")
    (pi.root / "vcgencmd").chmod(0o700)
    pi.options = replace(pi.options, vcgencmd=str(pi.root / "vcgencmd"))
    assert (await pi.reading()).throttled is None
    assert not pi.is_asking()


FILES = (
    "sys/class/thermal/thermal_zone0/temp",
    "sys/devices/platform/soc/soc:firmware/get_throttled",
    "sys/class/hwmon/hwmon0/name",
    "sys/class/hwmon/hwmon0/in0_lcrit_alarm",
    "sys/class/rtc/rtc0/since_epoch",
    "sys/block/mmcblk0/stat",
    "sys/block/mmcblk0/device/life_time",
    "sys/block/mmcblk0/device/pre_eol_info",
)


@given(st.dictionaries(st.sampled_from(FILES), st.binary(max_size=60)))
async def test_whatever_the_files_say_there_is_a_reading(
    tmp_path_factory: pytest.TempPathFactory, files: dict[str, bytes]
) -> None:
    pi = Pi(tmp_path_factory.mktemp("pi"))
    pi.has_disk()
    for name, data in files.items():
        pi.says(name, "")
        (pi.root / name).write_bytes(data)
    reading = await pi.reading()
    assert reading.temperature is None or -60 < reading.temperature < 200
    assert reading.disk_wear is None or 0 <= reading.disk_wear <= 100


async def test_a_firmware_program_that_is_not_there_is_no_trouble(pi: Pi) -> None:
    pi.options = replace(pi.options, vcgencmd=str(pi.root / "none"))
    assert (await pi.reading()).throttled is None


@pytest.mark.parametrize(("alarm", "now"), [("1", {"under_voltage"}), ("0", set())])
async def test_the_kernels_voltage_alarm_is_the_last_resort(
    pi: Pi, alarm: str, now: set[str]
) -> None:
    pi.says("sys/class/hwmon/hwmon0/name", "cpu_thermal\n")
    pi.says("sys/class/hwmon/hwmon1/name", "rpi_volt\n")
    pi.says("sys/class/hwmon/hwmon1/in0_lcrit_alarm", f"{alarm}\n")
    assert (await pi.reading()).throttled == now


@pytest.mark.parametrize(
    ("life", "reserve", "percent"),
    [
        ("0x01 0x02", "0x01", 20),
        ("0x00 0x00", "0x01", 0),
        ("0x0b 0x01", "0x01", 100),
        ("0x03 0x01", "0x03", 90),
        ("", "", None),
        ("nonsense", "0x00", None),
    ],
)
async def test_the_storage_says_how_worn_it_is(
    pi: Pi, life: str, reserve: str, percent: int | None
) -> None:
    pi.has_disk()
    pi.says("sys/block/mmcblk0/device/life_time", life + "\n")
    pi.says("sys/block/mmcblk0/device/pre_eol_info", reserve + "\n")
    assert (await pi.reading()).disk_wear == percent


async def test_what_was_written_is_counted_in_bytes(pi: Pi) -> None:
    pi.has_disk()
    pi.says("sys/block/mmcblk0/stat", "  10 0 80 5   20 0 4096 9   0 1 2\n")
    assert (await pi.reading()).disk_written == 4096 * 512


async def test_the_clock_has_a_source(pi: Pi) -> None:
    pi.says("sys/class/rtc/rtc0/since_epoch", "1795000000\n")
    assert (await pi.reading()).clock == "battery"
    pi.says("run/systemd/timesync/synchronized", "")
    assert (await pi.reading()).clock == "network"


async def test_a_disk_that_is_gone_has_no_room_we_know_of(pi: Pi) -> None:
    pi.options = replace(pi.options, disk=pi.root / "gone")
    reading = await pi.reading()
    assert (reading.disk_free, reading.disk_size) == (None, None)


async def test_this_machine_is_read_without_an_error() -> None:
    async with PI.open(PiHealthOptions(vcgencmd="")) as machine:
        assert (await machine.reading()).disk_free


@given(st.text(max_size=30))
def test_any_text_is_a_number_or_a_frame_error(text: str) -> None:
    try:
        bits = throttled.parse(text)
    except FrameError:
        return
    assert throttled.now(bits) <= set(throttled.WORDS)


@pytest.mark.parametrize("wrong", [{"cool": 90.0}, {"wear_percent": 0}, {"every_seconds": 0.0}])
def test_options_that_cannot_be_are_refused_by_name(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=next(iter(wrong))):
        PiHealthOptions(**wrong)  # type: ignore[arg-type]
