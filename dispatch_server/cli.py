"""The `liandong` command. Only `serve` runs the hub; the others talk about it or prove it."""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path
from typing import Annotated

import typer

from dispatch_server.errors import StartError

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, help=__doc__)
journal_app = typer.Typer(no_args_is_help=True, help="The timeline's proof.")
app.add_typer(journal_app, name="journal")

_Data = Annotated[Path | None, typer.Option("--data", help="Folder of the database, keys and certificates.")]
_Port = Annotated[
    int | None, typer.Option("--port", help="http on N (this machine only), https on N+1, media on N+2.")
]
_Host = Annotated[str | None, typer.Option("--host", help="Address on which https and media listen.")]
_Empty = Annotated[bool, typer.Option("--empty", help="Start without the demonstration.")]


@app.command()
def serve(data: _Data = None, port: _Port = None, host: _Host = None, empty: _Empty = False) -> None:
    """Run the hub until Ctrl-C."""
    from dispatch_server.config import load
    from dispatch_server.serving import run

    with _one_line():
        run(load({"data": data, "port": port, "host": host}), with_demo=not empty)


@app.command("sign-in-link")
def sign_in_link(login: str, data: _Data = None, port: _Port = None) -> None:
    """Print a one-time sign-in link for a person of the running hub."""
    from dispatch_server.config import load
    from dispatch_server.local_socket import ask_hub

    with _one_line():
        config = load({"data": data, "port": port})
        typer.echo(asyncio.run(ask_hub(config, {"command": "sign-in-link", "login": login}))["url"])


@app.command()
def openapi() -> None:
    """Print the OpenAPI document."""
    from dispatch_server.describing import describe

    typer.echo(json.dumps(describe(), ensure_ascii=False, indent=2))


@journal_app.command()
def verify(
    data: _Data = None,
    checkpoint: Annotated[
        Path | None, typer.Option(help="A signed checkpoint that the journal must still hold.")
    ] = None,
) -> None:
    """Prove every chain; name the first broken link and exit with 1 if there is one."""
    from dispatch_server.config import load
    from dispatch_server.proving import verify_journal

    with _one_line():
        report = asyncio.run(verify_journal(load({"data": data}), checkpoint))
    typer.echo(report.text)
    raise typer.Exit(0 if report.whole else 1)


@journal_app.command("checkpoint")
def make_checkpoint(out: Path, data: _Data = None) -> None:
    """Write a signed checkpoint over the heads of all streams; keep it somewhere else."""
    from dispatch_server.config import load
    from dispatch_server.proving import write_checkpoint

    with _one_line():
        typer.echo(asyncio.run(write_checkpoint(load({"data": data}), out)))


class _one_line:  # noqa: N801 - reads as a statement
    """A StartError becomes one line on stderr and exit code 2."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        failure: BaseException | None = error
        while isinstance(failure, BaseExceptionGroup) and len(failure.exceptions) == 1:
            failure = failure.exceptions[0]
        if isinstance(failure, StartError):
            typer.echo(f"liandong: {failure}", err=True)
            sys.exit(2)


def main() -> None:
    """The entry point of the console script."""
    app()
