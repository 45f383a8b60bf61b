"""Settings: later sources win, and whatever is wrong is said in one line that names the key."""

from pathlib import Path

import pytest

from dispatch_server.config import FILE_NAME, Config, load
from dispatch_server.errors import StartError


def refusal(arguments: dict[str, object] | None = None, environ: dict[str, str] | None = None) -> str:
    with pytest.raises(StartError) as refused:
        load(arguments or {}, environ or {})
    return str(refused.value)


def test_without_any_source_the_defaults_are_in_force() -> None:
    config = load({}, {})

    assert config == Config()
    assert (config.port, config.data, config.https) == (8080, Path("data"), True)


def test_the_command_line_wins_over_the_environment_and_that_over_the_file(tmp_path: Path) -> None:
    (tmp_path / FILE_NAME).write_text(
        "port = 1001\nhost = '10.0.0.1'\nsite_name = '城南'\n", encoding="utf-8"
    )
    environ = {"LIANDONG_DATA": str(tmp_path), "LIANDONG_PORT": "1002", "LIANDONG_HOST": "10.0.0.2"}

    config = load({"port": 1003, "host": None}, environ)

    assert (config.port, config.host, config.site_name) == (1003, "10.0.0.2", "城南")
    assert config.data == tmp_path


def test_the_file_is_looked_for_in_the_folder_that_the_command_line_names(tmp_path: Path) -> None:
    (tmp_path / FILE_NAME).write_text("https = false\norigins = ['https://a.example']\n", encoding="utf-8")

    config = load({"data": tmp_path}, {"LIANDONG_DATA": "/nowhere"})

    assert not config.https
    assert config.origins == ("https://a.example",)


def test_a_variable_holds_a_list_as_text_between_commas() -> None:
    config = load({}, {"LIANDONG_TURN_URLS": "turn:a:3478, turn:b:3478 ,"})

    assert config.turn_urls == ("turn:a:3478", "turn:b:3478")


def test_variables_of_other_programs_are_none_of_our_business() -> None:
    assert load({}, {"PATH": "/bin", "PORT": "1"}) == Config()


def test_an_unknown_variable_is_named() -> None:
    assert refusal(environ={"LIANDONG_PROT": "1"}) == "Setting 'prot': there is no such setting."


def test_an_unknown_key_of_the_file_is_named(tmp_path: Path) -> None:
    (tmp_path / FILE_NAME).write_text("sitename = 'x'\n", encoding="utf-8")

    assert refusal({"data": tmp_path}) == "Setting 'sitename': there is no such setting."


@pytest.mark.parametrize(
    ("key", "value", "word"),
    [
        ("port", "abc", "integer"),
        ("port", "0", "greater"),
        ("port", "65534", "65533"),
        ("https", "perhaps", "boolean"),
        ("session_hours", "0", "greater"),
        ("site_name", "", "1 character"),
        ("log_format", "xml", "json"),
        ("timezone", "Mars/Olympus", "Mars/Olympus"),
        ("timezone", "../../etc/passwd", "time zone"),
        ("timezone", "", "time zone"),
        ("database_url", "mysql://localhost/x", "postgresql+asyncpg"),
        ("database_url", "no url at all", "postgresql+asyncpg"),
        ("redis_url", "http://localhost", "redis://"),
        ("origins", "console.example", "https://console.example"),
        ("origins", "https://a.example/path", "https://console.example"),
    ],
)
def test_a_bad_value_is_refused_in_one_line_that_names_its_key(key: str, value: str, word: str) -> None:
    line = refusal(environ={f"LIANDONG_{key.upper()}": value})

    assert line.startswith(f"Setting '{key}")
    assert word in line
    assert "\n" not in line
    assert "Value error" not in line


def test_a_file_that_is_no_toml_is_named(tmp_path: Path) -> None:
    (tmp_path / FILE_NAME).write_text("port 8080", encoding="utf-8")

    line = refusal({"data": tmp_path})

    assert FILE_NAME in line
    assert "\n" not in line


def test_a_file_that_is_no_text_is_named(tmp_path: Path) -> None:
    (tmp_path / FILE_NAME).write_bytes(b"\xff\xfe\x00")

    assert FILE_NAME in refusal({"data": tmp_path})


def test_a_folder_that_is_a_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    assert str(tmp_path / "file") in refusal({"data": tmp_path / "file"})


def test_the_secret_of_the_turn_server_is_not_shown() -> None:
    assert "hunter2" not in repr(load({}, {"LIANDONG_TURN_SECRET": "hunter2"}))


def test_every_setting_says_what_it_is_for() -> None:
    assert all(field.description for field in Config.model_fields.values())
