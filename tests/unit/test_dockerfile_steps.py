"""The reader behind scripts/prove_dockerfile follows the Dockerfile reference or refuses; never skips."""

import pytest
from dockerfile_steps import DockerfileError, ignored, parse

TWO_STAGES = """\
# a comment
FROM debian:bookworm-slim AS build
ARG KIND=wheel
ENV TOOLS=/opt/tools PATH=/opt/tools/bin:$PATH
WORKDIR /src
COPY setup.cfg README.md ./
RUN first \\
 # between two halves
 && second $KIND
USER nobody
RUN whoami

FROM build
WORKDIR app
COPY --from=build --chown=10:10 ${TOOLS}/out /srv/
VOLUME /data
EXPOSE 8080/tcp 8082/udp
HEALTHCHECK --interval=10s CMD ["check", "it"]
ENTRYPOINT ["serve"]
CMD ["--now"]
"""


def test_every_step_knows_the_surroundings_that_earlier_lines_set() -> None:
    build, _ = parse(TWO_STAGES)
    copy, run, whoami = build.steps

    assert copy.sources == ("setup.cfg", "README.md")
    assert copy.target == "./"
    assert " ".join(run.text.split()) == "first && second $KIND"
    assert run.environment["KIND"] == "wheel"
    assert run.environment["TOOLS"] == "/opt/tools"
    assert run.environment["PATH"].startswith("/opt/tools/bin:/usr/local/sbin:")
    assert (run.user, whoami.user) == ("root", "nobody")
    assert run.workdir == "/src"


def test_a_stage_on_another_inherits_its_environment_but_not_its_arguments() -> None:
    build, image = parse(TWO_STAGES)

    assert image.parent == build.name
    assert image.environment["TOOLS"] == "/opt/tools"
    assert "KIND" not in image.variables
    assert image.workdir == "/src/app"
    assert image.user == "nobody"


def test_the_image_s_settings_are_read() -> None:
    image = parse(TWO_STAGES)[-1]
    (copy,) = image.steps

    assert (copy.from_stage, copy.owner, copy.sources) == ("build", "10:10", ("/opt/tools/out",))
    assert image.volumes == ("/data",)
    assert image.ports == ("8080/tcp", "8082/udp")
    assert image.healthcheck == ("check", "it")
    assert (image.entrypoint, image.command) == (("serve",), ("--now",))


@pytest.mark.parametrize(
    "line",
    [
        "RUN --mount=type=cache,target=/root apt-get update",
        "RUN <<EOF",
        'SHELL ["/bin/bash"]',
        "ADD archive.tar /",
        "COPY --link a b",
        "COPY lonely",
        "CMD serve",
        "ENV OLD form",
        "TYPO x",
    ],
)
def test_a_line_that_is_not_understood_is_refused(line: str) -> None:
    with pytest.raises(DockerfileError):
        parse(f"FROM debian:bookworm-slim\n{line}\n")


@pytest.mark.parametrize(
    ("path", "out"),
    [
        (".git/config", True),
        ("web_console/node_modules/vue/index.js", True),
        ("rtc/__pycache__/slots.pyc", True),
        ("__pycache__/slots.pyc", True),
        ("tests/unit/test_x.py", True),
        ("tests/clips/scene.mp4", False),
        ("dispatch_server/tests_of_time.py", False),
        ("notes.md", True),
        ("docs/notes.md", False),
    ],
)
def test_the_last_pattern_of_dockerignore_that_matches_decides(path: str, out: bool) -> None:
    patterns = [".git", "# tools", "**/node_modules", "**/__pycache__", "*.md", "tests", "!tests/clips"]

    assert ignored(path, patterns) is out
