"""Bare Debian trees (debootstrap) to enter with chroot: what starts there owes nothing to this machine.

Needs root, debootstrap and Linux mount namespaces. Everything mounted lives in a namespace of this
process alone and is gone with it, whatever happens. Nothing of the host is visible inside, except how its
package clients reach their indexes (the settings of pip, npm and apt, a local folder of wheels, the
certificates, name servers, a proxy): those are laid under /run/host, outside every tree, and reach the
clients by variables.
"""

import ast
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

SUITE = "bookworm"
INSIDE = Path("/run/host")
CERTIFICATES = INSIDE / "certificates.crt"
_ENTERED = "BARE_DEBIAN_ENTERED"
_PASSED_ON = re.compile(r"PIP_\w+|npm_config_\w+|(https?|no|all)_proxy", re.IGNORECASE)
_BUNDLE_VARIABLES = (
    "SSL_CERT_FILE",
    "PIP_CERT",
    "REQUESTS_CA_BUNDLE",
    "CURL_CA_BUNDLE",
    "NODE_EXTRA_CA_CERTS",
)


def enter_namespace() -> None:
    """From here on mounts and processes are this proof's own. The script is started over inside."""
    for program, package in (("debootstrap", "debootstrap"), ("unshare", "util-linux"), ("cp", "coreutils")):
        if shutil.which(program) is None:
            sys.exit(f"{program} is missing (Debian: apt install {package})")
    if os.geteuid() != 0:
        sys.exit("this proof makes system trees and enters them: it needs root")
    if os.environ.get(_ENTERED) != "yes":
        os.environ[_ENTERED] = "yes"
        options = ["--mount", "--pid", "--fork", "--kill-child", "--mount-proc"]
        os.execvp("unshare", ["unshare", *options, sys.executable, *sys.argv])  # noqa: S606 (no shell wanted)


def debootstrap(tree: Path, packages: Sequence[str] = ()) -> None:
    """`tree` holds Debian's minimal system and the named packages, nothing else."""
    command = ["debootstrap", "--variant=minbase"]
    if packages:
        command.append(f"--include={','.join(packages)}")
    log = tree.with_name(f"{tree.name}.debootstrap.log")
    with log.open("wb") as output:
        done = subprocess.run([*command, SUITE, str(tree)], stdout=output, stderr=output, check=False)
    if done.returncode:
        sys.exit(f"debootstrap failed:\n{log.read_text(errors='replace')[-2000:]}")


def copy_tree(source: Path, target: Path) -> None:
    subprocess.run(["cp", "--archive", "--reflink=auto", str(source), str(target)], check=True)


def remove_trees(folder: Path) -> None:
    """The folder is gone. Refused while anything is mounted below it: that would be the host's own."""
    mounts = Path("/proc/self/mountinfo").read_text(encoding="utf-8").splitlines()
    if any(line.split()[4].startswith(f"{folder}/") for line in mounts):
        sys.exit(f"something is still mounted below {folder}; it is left there")
    subprocess.run(["rm", "--recursive", "--force", "--one-file-system", str(folder)], check=True)


@dataclass(slots=True, kw_only=True)
class HostSettings:
    """How this machine's package clients reach their indexes, in the form that a tree gets it."""

    environment: dict[str, str] = field(default_factory=dict)
    files: dict[str, bytes] = field(default_factory=dict)  # name under /run/host → content
    folders: list[Path] = field(default_factory=list)  # shown read-only at the same place


def host_settings() -> HostSettings:
    settings = HostSettings()
    variables = {name: value for name, value in os.environ.items() if _PASSED_ON.fullmatch(name)}
    pip_options = _pip_options()
    npm_files = [Path.home() / ".npmrc", Path("/etc/npmrc"), Path("/usr/etc/npmrc")]
    bundle = _bundle(pip_options)
    if bundle is not None:
        settings.files[CERTIFICATES.name] = bundle.read_bytes()
        for name in _BUNDLE_VARIABLES:
            if name in os.environ or (name == "PIP_CERT" and "cert" in pip_options):
                variables[name] = str(CERTIFICATES)

    def moved(text: str) -> str:
        return text.replace(str(bundle), str(CERTIFICATES)) if bundle is not None else text

    pip_conf = "[global]\n" + "".join(
        f"{name} = {' '.join(moved(value).split())}\n" for name, value in pip_options.items()
    )
    settings.files["pip.conf"] = pip_conf.encode()
    settings.files["npmrc"] = b"\n".join(
        moved(file.read_text()).encode() for file in npm_files if file.exists()
    )
    command = ["apt-config", "dump", "Acquire"]
    settings.files["apt.conf"] = subprocess.run(command, capture_output=True, check=False).stdout
    settings.environment = {
        **{name: moved(value) for name, value in variables.items()},
        "APT_CONFIG": str(INSIDE / "apt.conf"),
        "PIP_CONFIG_FILE": str(INSIDE / "pip.conf"),
        "NPM_CONFIG_USERCONFIG": str(INSIDE / "npmrc"),
    }
    settings.folders = _local_folders([pip_conf, *variables.values()])
    return settings


def _pip_options() -> dict[str, str]:
    """pip's merged configuration files, without what comes from variables."""
    command = [sys.executable, "-m", "pip", "config", "list"]
    listed = subprocess.run(command, capture_output=True, text=True, check=False).stdout
    pairs = (line.partition("=") for line in listed.splitlines() if not line.startswith(":env:"))
    return {key.rpartition(".")[2]: str(ast.literal_eval(value)) for key, _, value in pairs if value}


def _bundle(pip_options: Mapping[str, str]) -> Path | None:
    named = [os.environ.get(name) for name in _BUNDLE_VARIABLES] + [pip_options.get("cert")]
    return next((Path(name) for name in named if name and Path(name).is_file()), None)


def _local_folders(texts: Sequence[str]) -> list[Path]:
    """Folders used as a package index; of a `…/simple` index the whole, for its files lie beside it."""
    words = {word.removeprefix("file://") for text in texts for word in text.split()}
    folders = {Path(word) for word in words if word.startswith("/")}
    indexes = {folder.parent if folder.name == "simple" else folder for folder in folders}
    return sorted(folder for folder in indexes if folder.is_dir())


@contextmanager
def entered(tree: Path, settings: HostSettings) -> Iterator[None]:
    """Inside the block `run` may be used on the tree; after it the tree holds only its own files again."""
    mounted: list[Path] = []

    def mount(target: Path, *arguments: str) -> None:
        target.mkdir(parents=True, exist_ok=True)
        subprocess.run(["mount", *arguments, str(target)], check=True)
        mounted.append(target)

    made = [folder for folder in settings.folders if not (tree / folder.relative_to("/")).exists()]
    resolv_conf = tree / "etc/resolv.conf"
    try:
        mount(tree / "proc", "-t", "proc", "proc")
        mount(tree / "dev", "--rbind", "/dev")
        mount(tree / "run/host", "-t", "tmpfs", "tmpfs")
        for name, content in settings.files.items():
            (tree / "run/host" / name).write_bytes(content)
        for folder in settings.folders:
            mount(tree / folder.relative_to("/"), "--bind", "-o", "ro", str(folder))
        # As Docker does: the tree gets the host's name servers, and keeps no trace of them.
        resolv_conf.write_bytes(Path("/etc/resolv.conf").read_bytes())
        shutil.copy("/etc/hosts", tree / "etc/hosts")
        yield
    finally:
        for target in reversed(mounted):
            subprocess.run(["umount", "--recursive", "--lazy", str(target)], check=False)
        resolv_conf.unlink(missing_ok=True)
        for folder in made:
            (tree / folder.relative_to("/")).rmdir()
        (tree / "run/host").rmdir()


def command_in(
    tree: Path,
    command: Sequence[str],
    *,
    environment: Mapping[str, str],
    user: str = "root",
    workdir: str = "/",
) -> list[str]:
    """The command line that runs `command` in the tree, with no variable but these."""
    name, _, group = user.partition(":")
    who = f"{name}:{group}"
    variables = [f"{key}={value}" for key, value in environment.items()]
    inside = ["/usr/bin/env", "--ignore-environment", f"--chdir={workdir}", *variables, *command]
    return ["chroot", f"--userspec={who}", str(tree), *inside]


def size_mib(tree: Path) -> float:
    command = ["du", "--summarize", "--one-file-system", "--block-size=1K", str(tree)]
    return int(subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()[0]) / 1024


class timed:  # noqa: N801 (reads as a word at its uses)
    """Says what is being done and how long it took."""

    def __init__(self, text: str) -> None:
        self.text = text if len(text) < 100 else f"{text[:97]}…"

    def __enter__(self) -> None:
        print(self.text, end=" … ", flush=True)
        self.began = time.monotonic()

    def __exit__(self, *_: object) -> None:
        print(f"{time.monotonic() - self.began:.1f} s", flush=True)
