"""The order of an examination: configuration, machine, journal, broker, devices, ports."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from drivers.pihealth import PiHealthOptions
from edge.arguments import agent_works
from edge.config import Config, ConfigError, load
from edge.doctor import broker, devices, journal, machine, ports, sitecopy
from edge.doctor.model import Finding, Tell


@dataclass(frozen=True, slots=True)
class Questions:
    """What to examine; ``root`` is where /dev and /sys are, for tests."""

    config: Path
    probe: bool = False
    device: str | None = None
    seconds: float = 2.0
    antennas: int = 1
    root: Path = Path("/")


async def examine(questions: Questions, tell: Tell) -> None:
    """Tell every finding as soon as it is known; ConfigError for a device that is not there."""
    config = _config(questions, tell)
    if config is None:
        await machine.look(tell, PiHealthOptions(root=questions.root), Path.cwd(), 0)
        await ports.look(tell, {}, root=questions.root, probe=questions.probe)
        return
    works = agent_works(config.agent.data)
    if questions.device is None:
        options = next(_pi_options(config), PiHealthOptions(root=questions.root))
        await machine.look(tell, options, config.agent.data, config.agent.reserve_mb)
        troubles = journal.look(tell, config.agent.data)
        sitecopy.look(tell, config.agent.data)
        await broker.look(tell, config)
    else:
        troubles = []
    if works:
        tell(Finding("agent", "note", "agent_works"))
        for part, reason in troubles:
            tell(Finding(part, "warn", "agent_trouble", {"reason": reason}))
    else:
        await devices.look(tell, _chosen(config, questions.device), questions)
    if questions.device is None:
        await ports.look(tell, _urls(config), root=questions.root, probe=questions.probe)


def _config(questions: Questions, tell: Tell) -> Config | None:
    if not questions.config.exists():
        tell(Finding("config", "bad", "config_none", {"file": str(questions.config)}))
        return None
    try:
        config = load(questions.config)
    except ConfigError as error:
        tell(Finding("config", "bad", "config_wrong", {"why": str(error)}))
        return None
    names = {"site": config.agent.site, "device": config.agent.device}
    tell(Finding("config", "ok", "config_ok", names))
    return config


def _pi_options(config: Config) -> Any:
    return (o for _, o in config.devices.values() if isinstance(o, PiHealthOptions))


def _chosen(config: Config, name: str | None) -> dict[str, tuple[Any, Any]]:
    if name is None:
        return config.devices
    if name not in config.devices:
        known = ", ".join(config.devices) or "none"
        raise ConfigError(f"{config.path.name}: there is no device {name}; these are: {known}")
    return {name: config.devices[name]}


def _urls(config: Config) -> dict[str, str]:
    found = {name: getattr(options, "url", "") for name, (_, options) in config.devices.items()}
    return {name: url for name, url in found.items() if isinstance(url, str) and url}
