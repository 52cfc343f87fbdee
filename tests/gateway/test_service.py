"""The gateway as a process: it says when it is ready and that it works, and ends when told."""

import asyncio
import os
import signal
import socket
import sys

from gateway.enrol import make_home
from gateway.testing import free_port


async def test_it_tells_systemd_that_it_is_ready_and_alive_and_ends_on_a_signal(tmp_path):
    home = make_home(tmp_path / "centre", ["127.0.0.1"])
    config = home.config.read_text().replace("8090", str(free_port()))
    home.config.write_text(config.replace("8883", str(free_port())))
    address = str(tmp_path / "notify")
    loop = asyncio.get_running_loop()
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as ear:
        ear.bind(address)
        ear.setblocking(False)
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-c", "import sys; from gateway.cli import main; sys.exit(main())",
            "run", "--config", str(home.config),
            env={**os.environ, "NOTIFY_SOCKET": address, "WATCHDOG_USEC": "300000"},
            stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip
        async with asyncio.timeout(90):
            heard = [await loop.sock_recv(ear, 100) for _ in range(4)]
            process.send_signal(signal.SIGTERM)
            _, log = await process.communicate()
    assert set(heard) == {b"READY=1", b"WATCHDOG=1"}
    assert heard.count(b"READY=1") == 1
    assert process.returncode == 0
    assert b"Traceback" not in log
    assert log.count(b"the broker is unavailable") == 1
