"""Machines of their own for worker processes: a network namespace and a host name each, where the system allows it.

Inside, the servers of this machine are on 127.0.0.1 as usual: each port is passed on over the only cable there is,
which can be pulled.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Host:
    """One machine; without a `name` it is this one."""

    name: str
    number: int = 0

    def command(self, words: Sequence[str]) -> list[str]:
        """How a program is started there; the process is that program itself."""
        if not self.name:
            return list(words)
        there = ["ip", "netns", "exec", self.name, "unshare", "--uts", "sh", "-c", 'hostname "$0" && exec "$@"']
        return [*there, self.name, *words]

    def cable(self, up: bool) -> None:
        """Pulls the cable, or puts it back."""
        if self.name:
            _ip("link", "set", self.name, "up" if up else "down")

    @property
    def near(self) -> str:
        """This end of the cable."""
        return f"10.77.{self.number}.1"


@contextmanager
def hosts(count: int, ports: Sequence[int]) -> Iterator[list[Host]]:
    """So many machines that reach these ports of ours; all of them this one where namespaces are not to be had."""
    if os.geteuid() != 0 or not all(shutil.which(tool) for tool in ("ip", "unshare")):
        yield [Host("")] * count
        return
    with ExitStack() as stack:
        made = [stack.enter_context(_host(number)) for number in range(1, count + 1)]
        stack.enter_context(_passing({(host.near, port): ("127.0.0.1", port) for host in made for port in ports}))
        for host in made:
            words = [f"127.0.0.1:{port}={host.near}:{port}" for port in ports]
            inside = subprocess.Popen(host.command([sys.executable, "-m", "benchmarks.hosts", *words]))
            stack.callback(inside.wait)
            stack.callback(inside.terminate)
        yield made


@contextmanager
def _host(number: int) -> Iterator[Host]:
    host = Host(f"syncline{number}", number)
    with suppress(subprocess.CalledProcessError):
        _ip("netns", "delete", host.name)
    _ip("netns", "add", host.name)
    try:
        _ip("link", "add", host.name, "type", "veth", "peer", "name", "eth0", "netns", host.name)
        _ip("address", "add", f"{host.near}/30", "dev", host.name)
        host.cable(up=True)
        for words in (
            ["address", "add", f"10.77.{number}.2/30", "dev", "eth0"],
            *[["link", "set", at, "up"] for at in ("eth0", "lo")],
        ):
            _ip("-n", host.name, *words)
        yield host
    finally:
        _ip("netns", "delete", host.name)


def _ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True, capture_output=True)


Address = tuple[str, int]


@contextmanager
def _passing(pairs: dict[Address, Address]) -> Iterator[None]:
    """Passes connections on, in a thread of its own."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    asyncio.run_coroutine_threadsafe(_listen(pairs), loop).result(10)
    try:
        yield
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()


async def _listen(pairs: dict[Address, Address]) -> list[asyncio.Server]:
    return [await asyncio.start_server(_passer(to), *at) for at, to in pairs.items()]


def _passer(to: Address):  # type: ignore[no-untyped-def]  # a callback of asyncio
    async def passed(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            far_reader, far_writer = await asyncio.open_connection(*to)
            await asyncio.gather(_pump(reader, far_writer), _pump(far_reader, writer))
        writer.close()

    return passed


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while chunk := await reader.read(65536):
            writer.write(chunk)
            await writer.drain()
    writer.close()


def main(words: list[str]) -> None:
    """Inside a machine: `HERE:PORT=THERE:PORT ...`, until it is ended."""
    pairs = {}
    for word in words:
        here, there = (part.rpartition(":") for part in word.split("="))
        pairs[here[0], int(here[2])] = (there[0], int(there[2]))

    async def forever() -> None:
        _ = await _listen(pairs)
        await asyncio.Event().wait()

    asyncio.run(forever())


if __name__ == "__main__":
    sys.path.insert(0, str(Path.cwd()))
    main(sys.argv[1:])
