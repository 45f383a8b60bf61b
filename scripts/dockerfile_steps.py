"""Reads a Dockerfile into stages of steps, as far as this project's own Dockerfile goes.

Pure: text in, steps out. What is not understood is an error, never skipped, since a proof that leaves out a
line proves nothing. Not supported on purpose: heredocs, RUN --mount, ADD, SHELL, ONBUILD.
Source: the Dockerfile reference, sections "Format", "Environment replacement", "COPY", ".dockerignore file".
"""

import json
import re
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import PurePosixPath

BASE_ENVIRONMENT = {
    "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
}  # of Debian's image


class DockerfileError(Exception):
    """A line that this reader does not understand; the text names it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One RUN or COPY with the surroundings that the lines before it have set."""

    kind: str  # RUN | COPY
    text: str
    environment: Mapping[str, str]
    workdir: str
    user: str
    sources: tuple[str, ...] = ()
    target: str = ""
    from_stage: str | None = None
    owner: str | None = None


@dataclass(slots=True, kw_only=True)
class Stage:
    """A FROM and what follows it; the last one's settings are those of the image."""

    name: str
    parent: str
    steps: list[Step] = field(default_factory=list)
    environment: dict[str, str] = field(default_factory=dict)  # lasts into the image
    arguments: dict[str, str] = field(default_factory=dict)  # lasts until the stage ends
    workdir: str = "/"
    user: str = "root"
    volumes: tuple[str, ...] = ()
    ports: tuple[str, ...] = ()
    entrypoint: tuple[str, ...] = ()
    command: tuple[str, ...] = ()
    healthcheck: tuple[str, ...] = ()

    @property
    def variables(self) -> dict[str, str]:
        return {**self.arguments, **self.environment}


def instructions(text: str) -> Iterator[tuple[str, str]]:
    """(KEYWORD, rest) of every instruction; comments are gone and continued lines are joined."""
    joined = ""
    for line in text.splitlines():
        if line.lstrip().startswith("#"):
            continue
        if line.rstrip().endswith("\\"):
            joined += line.rstrip()[:-1] + " "
            continue
        joined += line
        if joined.strip():
            keyword, _, rest = joined.strip().partition(" ")
            yield keyword.upper(), rest.strip()
        joined = ""


def parse(text: str) -> list[Stage]:
    """The stages in their order.

    Raises:
        DockerfileError: a line is not understood.
    """
    stages: list[Stage] = []
    for keyword, rest in instructions(text):
        if keyword == "FROM":
            stages.append(_from(rest, {stage.name: stage for stage in stages}, len(stages)))
        elif stages:
            _apply(stages[-1], keyword, rest)
        else:
            raise DockerfileError(f"{keyword} before the first FROM")
    return stages


def _from(rest: str, earlier: Mapping[str, Stage], number: int) -> Stage:
    words = rest.split()
    if len(words) not in {1, 3} or (len(words) == 3 and words[1].upper() != "AS"):
        raise DockerfileError(f"FROM {rest}")
    stage = Stage(
        name=words[2] if len(words) == 3 else str(number), parent=words[0], environment=dict(BASE_ENVIRONMENT)
    )
    if words[0] in earlier:
        parent = earlier[words[0]]
        stage.environment = dict(parent.environment)
        stage.workdir, stage.user = parent.workdir, parent.user
    return stage


def _apply(stage: Stage, keyword: str, rest: str) -> None:  # noqa: PLR0912 (one case per keyword)
    match keyword:
        case "RUN":
            if rest.startswith(("--", "[", "<<")):
                raise DockerfileError(f"RUN {rest}")
            stage.steps.append(
                Step(
                    kind="RUN",
                    text=rest,
                    environment=stage.variables,
                    workdir=stage.workdir,
                    user=stage.user,
                )
            )
        case "COPY":
            stage.steps.append(_copy(stage, rest))
        case "ENV":
            stage.environment.update(_pairs(rest, stage.variables))
        case "ARG":
            name, _, default = expand(rest, stage.variables).partition("=")
            stage.arguments[name] = default.strip("\"'")
        case "WORKDIR":
            stage.workdir = str(PurePosixPath(stage.workdir, expand(rest, stage.variables)))
        case "USER":
            stage.user = expand(rest, stage.variables)
        case "VOLUME":
            stage.volumes += _words(rest)
        case "EXPOSE":
            stage.ports += tuple(expand(rest, stage.variables).split())
        case "ENTRYPOINT":
            stage.entrypoint = _exec_form(keyword, rest)
        case "CMD":
            stage.command = _exec_form(keyword, rest)
        case "HEALTHCHECK":
            _, _, command = rest.partition("CMD ")
            stage.healthcheck = _exec_form(keyword, command.strip())
        case "LABEL":
            pass
        case _:
            raise DockerfileError(f"{keyword} {rest}")


def _copy(stage: Stage, rest: str) -> Step:
    options: dict[str, str] = {}
    words = shlex.split(expand(rest, stage.variables))
    while words and words[0].startswith("--"):
        name, _, value = words.pop(0).partition("=")
        options[name] = value
    if len(words) < 2 or not options.keys() <= {"--from", "--chown"}:
        raise DockerfileError(f"COPY {rest}")
    return Step(
        kind="COPY",
        text=rest,
        environment=stage.variables,
        workdir=stage.workdir,
        user=stage.user,
        sources=tuple(words[:-1]),
        target=words[-1],
        from_stage=options.get("--from"),
        owner=options.get("--chown"),
    )


def _pairs(rest: str, variables: Mapping[str, str]) -> dict[str, str]:
    """`A=1 B="two words"`; the old form `A one` is an error."""
    pairs = {}
    for word in shlex.split(expand(rest, variables)):
        name, equals, value = word.partition("=")
        if not equals:
            raise DockerfileError(f"ENV {rest}")
        pairs[name] = value
    return pairs


def _words(rest: str) -> tuple[str, ...]:
    return _exec_form("VOLUME", rest) if rest.startswith("[") else tuple(rest.split())


def _exec_form(keyword: str, rest: str) -> tuple[str, ...]:
    """Only the JSON form: without it a shell would be process 1 and swallow the stop signal."""
    try:
        words = json.loads(rest)
    except json.JSONDecodeError as error:
        raise DockerfileError(f"{keyword} is not in its JSON form: {rest}") from error
    return tuple(str(word) for word in words)


def expand(text: str, variables: Mapping[str, str]) -> str:
    """`$NAME` and `${NAME}` replaced; an unknown name becomes empty, as Docker has it."""
    return re.sub(r"\$(?:\{(\w+)\}|(\w+))", lambda found: variables.get(found[1] or found[2], ""), text)


def ignored(path: str, patterns: list[str]) -> bool:
    """Whether .dockerignore keeps the path out of the build: the last pattern that matches it decides."""
    out = False
    for line in patterns:
        pattern = line.strip()
        if not pattern or pattern.startswith("#"):
            continue
        keep = pattern.startswith("!")
        if _pattern(pattern.lstrip("!").strip("/")).match(path):
            out = not keep
    return out


def _pattern(pattern: str) -> re.Pattern[str]:
    """Matches the path itself and everything below it; `**` spans folders, `*` and `?` do not."""
    pieces = re.split(r"(\*\*/|\*\*|\*|\?)", pattern)
    spans = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}
    return re.compile("".join(spans.get(piece, re.escape(piece)) for piece in pieces) + r"(?:/.*)?\Z")
