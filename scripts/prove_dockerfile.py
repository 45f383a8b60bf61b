"""Executes the Dockerfile's own RUN and COPY lines, stage by stage, and starts what they built.

    sudo scripts/prove_dockerfile [--keep DIR]

No Docker engine is needed: every stage is a bare Debian tree (scripts/bare_debian.py), RUN is chroot,
COPY reads the committed files less .dockerignore. Then the image's ENTRYPOINT starts as its USER, and its
HEALTHCHECK is asked until it agrees. What differs from a real build, so that nobody is misled: in the
place of debian:bookworm-slim stands debootstrap's minimal tree (Docker's has its documentation cut out),
layers are not measured, RUN is not confined, and the network is the host's.
"""

import argparse
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path, PurePosixPath

from bare_debian import (
    command_in,
    copy_tree,
    debootstrap,
    enter_namespace,
    entered,
    host_settings,
    remove_trees,
    size_mib,
    timed,
)
from dockerfile_steps import Stage, Step, ignored, parse
from machine import ROOT, commit

BASE = "debian:bookworm-slim"
HEALTHY_WITHIN_S = 60.0
STOPPED_WITHIN_S = 15.0
PORT = 18480  # not the hub's own, which may be in use on this machine


class Proof:
    """The trees of all stages, below one folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.settings = host_settings()
        self.context = folder / "context"

    def tree(self, stage: str) -> Path:
        return self.folder / stage.replace(":", "-").replace("/", "-")

    def build(self, stages: list[Stage]) -> None:
        self.lay_out_context()
        for stage in stages:
            if stage.parent == BASE and not self.tree(BASE).exists():
                with timed(f"FROM {BASE} (debootstrap)"):
                    debootstrap(self.tree(BASE))
            if not self.tree(stage.parent).exists():
                sys.exit(f"FROM {stage.parent}: only {BASE} and earlier stages can be proved")
            copy_tree(self.tree(stage.parent), self.tree(stage.name))
            print(f"stage {stage.name} from {stage.parent}")
            for step in stage.steps:
                with timed(f"  {step.kind} {' '.join(step.text.split())}"):
                    (self.copy if step.kind == "COPY" else self.run)(stage, step)

    def lay_out_context(self) -> None:
        """The committed files that .dockerignore lets through."""
        self.context.mkdir()
        listed = subprocess.run(
            ["git", "-C", str(ROOT), "ls-tree", "-r", "-z", "--name-only", "HEAD"],
            capture_output=True,
            text=True,
            check=True,
        )
        patterns = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
        paths = [path for path in listed.stdout.split("\0") if path and not ignored(path, patterns)]
        archive = self.folder / "context.tar"
        command = ["git", "-C", str(ROOT), "archive", "--output", str(archive), "HEAD", "--", *paths]
        subprocess.run(command, check=True)
        subprocess.run(["tar", "xf", str(archive), "-C", str(self.context), "--no-same-owner"], check=True)

    def run(self, stage: Stage, step: Step) -> None:
        tree = self.tree(stage.name)
        inside(tree, step.workdir).mkdir(parents=True, exist_ok=True)
        environment = {**self.settings.environment, "HOME": "/root", **step.environment}
        command = ["/bin/sh", "-c", step.text]
        with entered(tree, self.settings):
            line = command_in(tree, command, environment=environment, user=step.user, workdir=step.workdir)
            done = subprocess.run(
                line, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False
            )
        if done.returncode:
            sys.exit(f"failed with {done.returncode}:\n{done.stdout.decode(errors='replace')[-4000:]}")

    def copy(self, stage: Stage, step: Step) -> None:
        origin = self.tree(step.from_stage) if step.from_stage else self.context
        to_folder = step.target.endswith("/") or step.target == "."
        target = inside(self.tree(stage.name), str(PurePosixPath(step.workdir, step.target)))
        for pattern in step.sources:
            found = sorted(origin.glob(pattern.lstrip("/").removeprefix("./")))
            if not found:
                sys.exit(f"COPY finds no {pattern}")
            for source in found:
                into = target / source.name if to_folder and source.is_file() else target
                into.parent.mkdir(parents=True, exist_ok=True)
                if source.is_dir():
                    shutil.copytree(source, into, symlinks=True, dirs_exist_ok=True)
                else:
                    shutil.copy2(source, into)
                owner = step.owner or "root:root"
                subprocess.run(["chown", "--recursive", "--no-dereference", owner, str(into)], check=True)

    def start(self, image: Stage) -> None:
        """The image's process runs as its user and is healthy by its own check; it stops when asked to."""
        tree = self.tree(image.name)
        environment = {**image.environment, "HOME": "/nonexistent", "LIANDONG_PORT": str(PORT)}
        log = self.folder / "hub.log"

        def line(command: tuple[str, ...]) -> list[str]:
            return command_in(tree, command, environment=environment, user=image.user, workdir=image.workdir)

        with entered(tree, self.settings), log.open("wb") as output:
            process = subprocess.Popen(
                line(image.entrypoint + image.command), stdout=output, stderr=subprocess.STDOUT
            )
            try:
                with timed("HEALTHCHECK agrees"):
                    wait_until_healthy(line(image.healthcheck), process, log)
                owner_id = Path(f"/proc/{process.pid}").stat().st_uid
                if owner_id == 0:
                    sys.exit("the hub runs as root")
                print(f"runs as user {owner_id}; / answers {page_title(PORT)!r}")
            finally:
                with timed("stops when asked to"):
                    process.send_signal(signal.SIGTERM)
                    try:
                        process.wait(STOPPED_WITHIN_S)
                    except subprocess.TimeoutExpired:
                        process.kill()
                        sys.exit(f"did not stop within {STOPPED_WITHIN_S:.0f} s")


def inside(tree: Path, path: str) -> Path:
    return tree / path.lstrip("/")


def wait_until_healthy(check: list[str], process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + HEALTHY_WITHIN_S
    while subprocess.run(check, capture_output=True, check=False).returncode:
        if process.poll() is not None or time.monotonic() > deadline:
            sys.exit(f"the hub is not healthy:\n{log.read_text(errors='replace')[-4000:]}")
        time.sleep(0.3)


def page_title(port: int) -> str:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=5) as answer:
        text: str = answer.read().decode(errors="replace")
    return text[text.index("<title>") + 7 : text.index("</title>")] if "<title>" in text else text[:60]


def main() -> int:
    options = argparse.ArgumentParser(description="Executes the Dockerfile in bare Debian trees.")
    options.add_argument("--keep", type=Path, metavar="DIR", help="leave the trees there to look at")
    keep = options.parse_args().keep
    enter_namespace()
    stages = parse((ROOT / "Dockerfile").read_text(encoding="utf-8"))
    folder = keep or Path(tempfile.mkdtemp(prefix="liandong-image-", dir="/var/tmp"))
    folder.mkdir(parents=True, exist_ok=True)
    began = time.monotonic()
    try:
        proof = Proof(folder)
        proof.build(stages)
        image = stages[-1]
        fonts = list(proof.tree(image.name).glob("opt/liandong/**/web_console/dist/**/*.woff2"))
        if not fonts:
            sys.exit("the image has no console with fonts inside")
        print(f"image: {size_mib(proof.tree(image.name)):.0f} MiB, {len(fonts)} font files in the console")
        proof.start(image)
    finally:
        if keep is None:
            remove_trees(folder)
    print(f"proved: commit {commit()}, {time.monotonic() - began:.0f} s")
    return 0


if __name__ == "__main__":
    os.umask(0o022)
    sys.exit(main())
