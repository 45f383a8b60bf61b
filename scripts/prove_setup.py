"""A stranger's first minutes, measured: a fresh clone, a bare Debian with python3, venv and pip, one command.

    sudo scripts/prove_setup [--as-root] [--test] [--keep DIR]

In a debootstrap tree an ordinary user clones the committed project into a path with spaces and runs
scripts/run: first without python3-venv, which must end in one clear line; then until the hub prints its
address and /health/ready answers; then a second time, which must take seconds. --test runs scripts/test
there as well, with the Chromium that it fetches. Needs root and debootstrap.
"""

import argparse
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from contextlib import suppress
from pathlib import Path

from bare_debian import (
    HostSettings,
    command_in,
    debootstrap,
    enter_namespace,
    entered,
    host_settings,
    remove_trees,
    size_mib,
    timed,
)
from machine import ROOT, commit, machine

PORT = 18580  # not the hub's own, which may be in use on this machine
FIRST_START_WITHIN_S = 900.0
SECOND_START_WITHIN_S = 30.0
STOPPED_WITHIN_S = 15.0
PLACE = "a stranger's place/liandong"


class Stranger:
    """Somebody with a clone in the tree, who has nothing but a shell."""

    def __init__(self, tree: Path, settings: HostSettings, name: str) -> None:
        self.tree = tree
        self.settings = settings
        self.name = name
        self.home = "/root" if name == "root" else f"/home/{name}"

    def command(self, script: str, *arguments: str) -> list[str]:
        """Called by its absolute path from /: the project may not lean on the working directory."""
        path = "/usr/local/bin:/usr/bin:/bin"
        environment = {**self.settings.environment, "HOME": self.home, "PATH": path, "LANG": "C.UTF-8"}
        words = [f"{self.home}/{PLACE}/{script}", *arguments]
        return command_in(self.tree, words, environment=environment, user=self.name)

    def clone(self) -> None:
        target = self.tree / self.home.lstrip("/") / PLACE
        subprocess.run(["git", "clone", "--quiet", "--no-hardlinks", str(ROOT), str(target)], check=True)
        place = str(target.parent.relative_to(self.tree))
        subprocess.run(["chroot", str(self.tree), "chown", "-R", f"{self.name}:", f"/{place}"], check=True)

    def must_refuse(self) -> None:
        """Without python3-venv: one clear line and a non-zero exit."""
        done = subprocess.run(self.command("scripts/run"), capture_output=True, text=True, check=False)
        lines = done.stderr.strip().splitlines()
        if done.returncode == 0 or len(lines) != 1 or "python3-venv" not in lines[0]:
            sys.exit(f"expected one clear line about python3-venv, got {done.returncode}:\n{done.stderr}")
        print(f"without python3-venv it says: {lines[0]}")

    def start(self, log: Path, within_s: float) -> subprocess.Popen[bytes]:
        """The hub has printed its address and says that it is ready."""
        with log.open("wb") as output:
            process = subprocess.Popen(
                self.command("scripts/run", "--port", str(PORT)),
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # a terminal of its own, so to speak: see stop()
            )
        deadline = time.monotonic() + within_s
        while not (printed_address(log) and answers("/health/ready")):
            if process.poll() is not None or time.monotonic() > deadline:
                sys.exit(f"it did not start:\n{tail(log)}")
            time.sleep(0.2)
        return process


def apt_get(tree: Path, settings: HostSettings, *arguments: str) -> None:
    environment = {**settings.environment, "PATH": os.environ["PATH"], "DEBIAN_FRONTEND": "noninteractive"}
    command = command_in(tree, ["apt-get", "-qq", *arguments], environment=environment)
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def printed_address(log: Path) -> str | None:
    found = re.search(rf"http://\S+:{PORT}\S*", log.read_text(errors="replace"))
    return found[0] if found else None


def fetch(path: str) -> bytes | None:
    """The body of a 200 from the hub, else None."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{PORT}{path}", timeout=5) as answer:
            return bytes(answer.read())
    except OSError:
        return None


def answers(path: str) -> bool:
    return fetch(path) is not None


def stop(process: subprocess.Popen[bytes], tree: Path, log: Path) -> None:
    """Ctrl-C, which a terminal sends to all started from it: no traceback, and nobody stays behind."""
    os.killpg(process.pid, signal.SIGINT)
    deadline = time.monotonic() + STOPPED_WITHIN_S
    while process.poll() is None or living_in(tree):
        if time.monotonic() > deadline:
            sys.exit(f"not stopped after {STOPPED_WITHIN_S:.0f} s: {process.poll()}, {living_in(tree)}")
        time.sleep(0.1)
    if "Traceback" in log.read_text(errors="replace"):
        sys.exit(f"it stopped with a traceback:\n{tail(log)}")


def living_in(tree: Path) -> list[str]:
    """The command lines of all processes whose root is the tree."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if os.readlink(process / "root") == str(tree):
                found.append((process / "cmdline").read_bytes().replace(b"\0", b" ").decode().strip())
    return found


def tail(log: Path) -> str:
    return log.read_text(errors="replace")[-4000:]


def prove(folder: Path, *, as_root: bool, with_tests: bool) -> None:
    tree = folder / "debian"
    with timed("a bare Debian with python3 (debootstrap)"):
        debootstrap(tree, ["python3"])
    stranger = Stranger(tree, host_settings(), "root" if as_root else "stranger")
    with entered(tree, stranger.settings):
        if not as_root:
            subprocess.run(["chroot", str(tree), "useradd", "--create-home", stranger.name], check=True)
        stranger.clone()
        stranger.must_refuse()
        with timed("apt-get install python3-venv python3-pip"):
            apt_get(tree, stranger.settings, "update")
            packages = ("python3-venv", "python3-pip")
            apt_get(tree, stranger.settings, "install", "--yes", "--no-install-recommends", *packages)

        log = folder / "first.log"
        with timed(f"scripts/run as {stranger.name}, until ready"):
            process = stranger.start(log, FIRST_START_WITHIN_S)
        print("".join(f"    {line}\n" for line in tail(log).splitlines() if line.startswith("·")), end="")
        print(f"    it printed {printed_address(log)}")
        if not answers("/"):
            sys.exit("the console is not served")
        authority = fetch("/ca.crt")
        stop(process, tree, log)
        with timed("scripts/run again, until ready"):
            log = folder / "second.log"
            process = stranger.start(log, SECOND_START_WITHIN_S)
        if fetch("/ca.crt") != authority:
            sys.exit("the second start has another certificate authority than the first")
        stop(process, tree, log)
        if with_tests:
            with timed("scripts/test"):
                done = subprocess.run(stranger.command("scripts/test"), capture_output=True, check=False)
            print(done.stdout.decode(errors="replace")[-2000:])
            if done.returncode:
                sys.exit(f"scripts/test failed with {done.returncode}:\n{done.stderr.decode()[-2000:]}")
    print(f"the tree grew to {size_mib(tree):.0f} MiB")


def main() -> int:
    options = argparse.ArgumentParser(description="Proves scripts/run in a bare Debian tree.")
    options.add_argument("--as-root", action="store_true", help="root instead of an ordinary user")
    options.add_argument("--test", action="store_true", help="run scripts/test there as well")
    options.add_argument("--keep", type=Path, metavar="DIR", help="leave the tree there to look at")
    chosen = options.parse_args()
    enter_namespace()
    folder = chosen.keep or Path(tempfile.mkdtemp(prefix="liandong-setup-", dir="/var/tmp"))
    folder.mkdir(parents=True, exist_ok=True)
    try:
        prove(folder, as_root=chosen.as_root, with_tests=chosen.test)
    finally:
        if chosen.keep is None:
            remove_trees(folder)
    print(f"proved: commit {commit()}, {machine()}")
    return 0


if __name__ == "__main__":
    os.umask(0o022)
    sys.exit(main())
