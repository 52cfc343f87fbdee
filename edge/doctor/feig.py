"""A FEIG reader: who it is, whether its settings are those of its profile, how well it reads."""

from dataclasses import replace
from typing import Any, Protocol

from drivers.errors import DriverError
from drivers.feig.gate import FeigGate
from drivers.feig.link import Link
from drivers.feig.opening import linked, order_of, start
from drivers.feig.options import FeigOptions, NotifyOptions
from drivers.feig.pad import FeigPad
from drivers.feig.profile import Profile, load
from drivers.feig.service import Service, differences, identity
from drivers.ports import Driver, GateReader
from edge.doctor import reading
from edge.doctor.model import Finding, Tell


class Wishes(Protocol):
    """What the person asked for."""

    @property
    def seconds(self) -> float:
        """How long to measure a reader."""

    @property
    def antennas(self) -> int:
        """How many antennas a pad's reader has."""


async def look(tell: Tell, name: str, driver: Driver, options: FeigOptions, wishes: Wishes) -> None:
    """Look at one reader; its settings are read and not written."""
    profile = load(options.profile) if options.profile else Profile()
    async with linked(options) as link:
        service = await _known(link, options)
        what = identity(await service.version())
        tell(Finding(name, "ok", "device_ok", {"what": what, "url": options.url}))
        if options.profile is not None:
            await _settings(tell, name, service, profile, options.profile.stem)
        await start(link, Profile())
        if driver.port is GateReader:
            await reading.gate(tell, name, _gate(link, options, profile), wishes.seconds)
        else:
            await _antennas(tell, name, link, options, profile, wishes)


async def without_profile(tell: Tell, name: str, options: NotifyOptions) -> NotifyOptions:
    """Compare the settings of a reader that calls; return its options with nothing to set in it."""
    if options.profile is None:
        return options
    profile = load(options.profile)
    if options.control:
        control = options.control_options()
        async with linked(control) as link:
            service = await _known(link, control)
            await _settings(tell, name, service, profile, options.profile.stem)
    else:
        values = {"profile": options.profile.stem, "device": name}
        tell(Finding(name, "note", "profile_unseen", values))
    return replace(options, profile=None, block_order=order_of(options.block_order, profile))


async def _known(link: Link, options: FeigOptions) -> Service:
    service = Service(link)
    if options.password_bytes:
        await service.login(options.password_bytes)
    return service


async def _settings(tell: Tell, name: str, service: Service, profile: Profile, stem: str) -> None:
    values: dict[str, Any] = {"profile": stem, "device": name}
    if not profile.settings:
        tell(Finding(name, "ok", "profile_none", values))
        return
    found = differences(profile, await service.blocks(profile))
    for memory, key in (("ram", "profile_ram"), ("eeprom", "profile_eeprom")):
        what = "; ".join(str(one) for one in found if one.memory == memory)
        if what:
            level = "warn" if memory == "ram" else "note"
            tell(Finding(name, level, key, values | {"what": what}))  # type: ignore[arg-type]
            return
    tell(Finding(name, "ok", "profile_equal", values))


async def _antennas(
    tell: Tell, name: str, link: Link, options: FeigOptions, profile: Profile, wishes: Wishes
) -> None:
    service, pad = Service(link), FeigPad(link, order_of(options.block_order, profile))
    for number in range(1, wishes.antennas + 1):
        try:
            if wishes.antennas > 1:
                await service.antenna(number)
            await reading.pad(tell, name, pad, number, wishes.seconds)
        except DriverError as error:
            if error.retryable:
                raise
            values = {"antenna": number, "why": str(error)}
            tell(Finding(name, "bad", "rate_failed", values))
    if wishes.antennas > 1:
        await service.antenna(1)


def _gate(link: Link, options: FeigOptions, profile: Profile) -> FeigGate:
    return FeigGate(link, order_of(options.block_order, profile))
