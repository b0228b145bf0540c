"""reader: from bytes to the model, with the place of whatever is wrong or odd."""

import contextlib

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from octyne.config.model import AppConfig, ConsoleConfig, StopConfig, UnixSocketConfig
from octyne.config.reader import ConfigError, dotted, read

GO_CONFIG = b"""\
// Octyne
{
  "port": 42069,
  "unixSocket": {"enabled": true, "location": "", "group": ""},
  "redis": {"enabled": false, "url": "redis://localhost", "role": "primary"},
  "https": {"enabled": false, "cert": "/path/to/cert.pem", "key": "/path/to/key.pem"},
  "logging": {"enabled": true, "path": "logs", "actions": {"server.console.input": false}},
  "servers": {
    "test1": {
      "enabled": true, /* with the daemon */
      "directory": "/home/test/server",
      "command": "java -jar spigot-1.12.2.jar",
    },
    "test2": {"directory": "/home/test2", "command": "echo don't"},
  },
}
"""


def test_a_config_of_the_go_octyne_is_taken_unchanged() -> None:
    """Comments, trailing commas, and a command with one quote, which only can't be started."""
    reading = read(GO_CONFIG, "config.json")

    assert reading.config.servers["test1"] == AppConfig(
        directory="/home/test/server", command="java -jar spigot-1.12.2.jar"
    )
    assert reading.config.logging.actions == {"server.console.input": False}
    [warning] = reading.warnings
    assert warning.startswith("config.json, line 14, column 43: The command of this app has an")


def test_our_own_keys_are_read() -> None:
    """Everything that the Go Octyne didn't have."""
    reading = read(
        b"""{"webUI": {"enabled": false}, "trustedProxies": ["10.0.0.0/8", "::1"],
        "unixSocket": {"owner": "games", "group": "1000", "mode": "0660"},
        "servers": {"a": {"command": ["a", "b c"], "env": {"A": "1"}, "terminal": true,
          "stop": {"signal": "INT", "command": "stop", "timeout": 5},
          "console": {"limit": 65536, "onFull": "block"}}}}""",
        "config.json",
    )

    assert reading.warnings == []
    assert not reading.config.web_ui.enabled
    assert reading.config.trusted_proxies == ["10.0.0.0/8", "::1"]
    assert reading.config.unix_socket == UnixSocketConfig(owner="games", group="1000", mode="0660")
    assert reading.config.servers["a"] == AppConfig(
        command=["a", "b c"],
        env={"A": "1"},
        terminal=True,
        stop=StopConfig(signal="INT", command="stop", timeout=5),
        console=ConsoleConfig(limit=65536, on_full="block"),
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[]", "line 1, column 1: the config must be an object."),
        ("null", "line 1, column 1: the config must be an object."),
        ("{\n port: 1}", "line 2, column 2: expecting property name enclosed in double quotes."),
        ('{"port": "1"}', "line 1, column 2: port must be a whole number from 0 to 65535."),
        ('{"port": 65536}', "line 1, column 2: port must be a whole number from 0 to 65535."),
        ('{"port": -1}', "line 1, column 2: port must be a whole number from 0 to 65535."),
        ('{"port": 1.0}', "line 1, column 2: port must be a whole number from 0 to 65535."),
        ('{"port": true}', "line 1, column 2: port must be a whole number from 0 to 65535."),
        ('{"port": null}', "line 1, column 2: port must be a whole number from 0 to 65535."),
        ('{"webUI": {"port": 70000}}', "webUI.port must be a whole number from 0 to 65535."),
        ('{"webUI": {"port": 42069}}', "webUI.port is the API's port too; each needs its own."),
        ('{"webUI": null}', "line 1, column 2: webUI must be an object."),
        ('{"webUI": {"enabled": 1}}', "line 1, column 12: webUI.enabled must be true or false."),
        ('{"servers": []}', "line 1, column 2: servers must be an object."),
        ('{"servers": {"a": "x"}}', "line 1, column 14: servers.a must be an object."),
        ('{"servers": {"": {}}}', 'servers[""] is empty; an app needs a name.'),
        ('{"servers": {"a": {"env": {"N": 1}}}}', "column 28: servers.a.env.N must be a text."),
        ('{"servers": {"a": {"env": {"=": ""}}}}', 'servers.a.env["="] can\'t be the name'),
        ('{"servers": {"a": {"env": {"A": "\\u0000"}}}}', "servers.a.env.A holds a NUL"),
        ('{"servers": {"a": {"directory": "\\u0000"}}}', "servers.a.directory holds a NUL"),
        ('{"servers": {"a": {"command": ["\\u0000"]}}}', "servers.a.command holds a NUL"),
        ('{"servers": {"a": {"command": ["a", 1]}}}', "must be a text or a list of texts."),
        ('{"servers": {"a": {"stop": {"timeout": -1}}}}', "must be a number of seconds from 0"),
        ('{"servers": {"a b": {"stop": {"signal": "X"}}}}', 'servers["a b"].stop.signal is not'),
        ('{"servers": {"a": {"console": {"onFull": "x"}}}}', 'must be "drop" or "block".'),
        ('{"servers": {"a": {"console": {"limit": 5}}}}', "bytes, at least 65536."),
        ('{"redis": {"enabled": true}}', 'redis.role is missing: say "primary" on the node'),
        ('{"redis": {"role": "both"}}', 'redis.role must be "primary" or "secondary".'),
        (
            '{"redis": {"enabled": true, "role": "primary", "url": "hunter2"}}',
            "line 1, column 48: redis.url must start with redis://, rediss:// or unix://.",
        ),
        ('{"https": {"enabled": true}}', "https.cert is missing, and https.enabled needs it."),
        ('{"unixSocket": {"mode": "999"}}', "unixSocket.mode is not an octal mode"),
        ('{"unixSocket": {"location": "\\u0000"}}', "unixSocket.location holds a NUL"),
        ('{"trustedProxies": ["::1", "x"]}', "column 28: trustedProxies[1] is neither an address"),
        ('{"logging": {"actions": {"a.b": 1}}}', 'logging.actions["a.b"] must be true or false.'),
    ],
)
def test_wrong_configs_are_refused_with_key_and_place(text: str, message: str) -> None:
    """One sentence that leads to the place and never repeats a value."""
    with pytest.raises(ConfigError) as caught:
        read(text.encode(), "config.json")

    assert str(caught.value).startswith("config.json, line ")
    assert message in str(caught.value)
    assert f"line {caught.value.line}, column {caught.value.column}:" in str(caught.value)
    assert "hunter2" not in str(caught.value)


def test_invalid_utf8_has_a_place_too() -> None:
    """Latin-1 from an old editor, for example."""
    with pytest.raises(ConfigError, match=r"^config.json, line 2, column 3: this is not UTF-8\.$"):
        read(b'{\n"\xc3\xa9\xe9": 1}', "config.json")


def test_a_byte_order_mark_is_tolerated() -> None:
    """Windows editors write one."""
    assert read(b'\xef\xbb\xbf{"port": 5}', "config.json").config.port == 5


@pytest.mark.parametrize(
    ("text", "warning"),
    [
        ('{"colour": 1}', "config.json, line 1, column 2: colour is no key that Octyne knows."),
        (
            '{"servers": {"my app": {\n"auto": true}}}',
            'config.json, line 2, column 1: servers["my app"].auto is no key that Octyne knows.',
        ),
        ('{"Port": 5}', "config.json, line 1, column 2: Port is taken for port."),
        (
            '{"WEBUI": {"PORT": 5}}',
            "config.json, line 1, column 12: WEBUI.PORT is taken for port.",
        ),
        (
            '{"Port": 6, "port": 5}',
            "config.json, line 1, column 2: Port is ignored: port is there too.",
        ),
        (
            '{"unixSocket": {"mode": "0666"}}',
            "config.json, line 1, column 17: unixSocket.mode lets any user here do everything.",
        ),
    ],
)
def test_odd_configs_are_warned_about(text: str, warning: str) -> None:
    """They work all the same."""
    assert warning in [w for w in read(text.encode(), "config.json").warnings if "empty" not in w]


@pytest.mark.parametrize("text", ['{"PORT": 5}', '{"Port": 6, "port": 5}', '{"port":5,"PORT":6}'])
def test_keys_match_in_any_case_and_exactly_first(text: str) -> None:
    """As Go reads them, but predictable."""
    assert read(text.encode(), "config.json").config.port == 5


def test_names_of_apps_and_variables_keep_their_case() -> None:
    """They are data, not keys."""
    config = read(b'{"servers": {"Web": {"env": {"Path": "x"}}, "web": {}}}', "c").config

    assert list(config.servers) == ["Web", "web"]
    assert config.servers["Web"].env == {"Path": "x"}


@given(
    st.dictionaries(
        st.sampled_from(["port", "webUI", "servers", "redis", "unixSocket", "https", "x"]),
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.text(max_size=5),
            lambda inner: st.lists(inner) | st.dictionaries(st.text(max_size=3), inner),
        ),
    )
)
def test_any_json_gives_a_config_or_a_config_error(value: dict[str, object]) -> None:
    """Nothing else gets out."""
    with contextlib.suppress(ConfigError):
        read(msgspec.json.encode(value), "config.json")


def test_paths_are_written_as_people_read_them() -> None:
    """Dots where they are clear, brackets where not."""
    assert dotted(("servers", "my app", "env", "A_B-1", 0)) == 'servers["my app"].env.A_B-1[0]'
