"""What the configuration may say; what it may not is named, with the nearest right word."""

import os
from datetime import datetime
from pathlib import Path
from threading import Thread

import pytest

from analyzer.cli import context
from analyzer.config import file
from analyzer.config.toml import split_url
from analyzer.errors import UsageError

CLUSTER = '[[clusters]]\nname = "prod-a"\nurl = "https://prod-a.example"\n'


def load(folder: Path, text: str) -> file.Config:
    path = folder / "analyzer.toml"
    path.write_text(text)
    return file.load(path)


def test_the_example_is_right(tmp_path: Path) -> None:
    settings = load(tmp_path, file.EXAMPLE)
    assert [cluster.name for cluster in settings.clusters] == ["prod-a"]
    shown = file.EXAMPLE.replace("\n# ", "\n")
    assert load(tmp_path, shown).check.fail_on == "high"


def test_paths_are_relative_to_the_file(tmp_path: Path) -> None:
    more = 'password_file = "secret"\nusername = "r"\nverify = "ca.pem"\n'
    pair = 'client_cert = "c.pem"\nclient_key = "sub/c.key"\n'
    settings = load(tmp_path, 'store = "history"\npolicy = "p.toml"\n' + CLUSTER + more + pair)
    (cluster,) = settings.clusters
    assert (settings.store, settings.policy) == (tmp_path / "history", tmp_path / "p.toml")
    assert cluster.verify == str(tmp_path / "ca.pem")
    assert (cluster.client_cert, cluster.client_key) == (tmp_path / "c.pem", tmp_path / "sub/c.key")
    (tmp_path / "secret").write_bytes(b" two words \r\n")
    assert cluster.reveal() == " two words "
    (tmp_path / "secret").write_bytes(b"\n")
    with pytest.raises(UsageError, match="password_file gave nothing"):
        cluster.reveal()
    (tmp_path / "secret").write_bytes(b"\xff\n")
    with pytest.raises(UsageError, match="not UTF-8 text"):
        cluster.reveal()


@pytest.mark.parametrize(
    ("text", "seconds"), [("5m", 300), ("90s", 90), ("1h30m", 5400), ("1d", 86400)]
)
def test_an_interval_is_a_duration(tmp_path: Path, text: str, seconds: int) -> None:
    (cluster,) = load(tmp_path, CLUSTER + f'interval = "{text}"').clusters
    assert cluster.interval == seconds


WRONG = {
    "a key of the file": ('storee = "x"', "unknown key 'storee'; did you mean 'store'?"),
    "a table of the file": ("[cluster]", "unknown key 'cluster'; did you mean 'clusters'?"),
    "a key of a cluster": (
        CLUSTER + 'user_name = "x"',
        "clusters[1]: unknown key 'user_name'; did you mean 'username'?",
    ),
    "a key of retention": (
        '[retention]\nkep = "1d"',
        "retention: unknown key 'kep'; did you mean 'keep'?",
    ),
    "a key of limits": (
        "[[limits]]\nnodes = 'n'\nsessions = 1",
        "limits[1]: unknown key 'nodes'; did you mean 'node'?",
    ),
    "a password": (CLUSTER + 'password = "hunter2"', "'password' in clear text is refused"),
    "a token": (CLUSTER + 'token = "hunter2"', "'token' in clear text is refused"),
    "a password in a variable's place": (
        CLUSTER + 'username = "r"\npassword_env = "hunter2!"',
        "'password_env' is the name of a variable",
    ),
    "a password in the url": (
        '[[clusters]]\nname = "a"\nurl = "https://me:hunter2@a.example"',
        "clusters[1]: 'url' holds a password or user",
    ),
    "a token in the url": (
        '[[clusters]]\nname = "a"\nurl = "https://a.example/?token=hunter2"',
        "clusters[1]: 'url' is not like https://prod-a.example.com",
    ),
    "a url that is none": (
        '[[clusters]]\nname = "a"\nurl = "https://[a"',
        "clusters[1]: 'url' is not like",
    ),
    "a url of two lines": (
        '[[clusters]]\nname = "a"\nurl = "https://a\\n.example"',
        "clusters[1]: 'url' is not like",
    ),
    "a port that is none": (
        '[[clusters]]\nname = "a"\nurl = "https://a:99999"',
        "clusters[1]: 'url' is not like",
    ),
    "a webhook that is a file": ('[check]\nwebhook = "file:///x"', "check: 'webhook' is not like"),
    "no url": ('[[clusters]]\nname = "a"', "clusters[1]: 'url' is missing"),
    "no name": ('[[clusters]]\nurl = "https://a"', "clusters[1]: 'name' is missing"),
    "no user": (CLUSTER + 'password_env = "X"', "'username' is missing"),
    "two secrets": (
        CLUSTER + 'username = "r"\npassword_env = "X"\ntoken_env = "Y"',
        "give one of password_env, token_env, not several",
    ),
    "half a certificate": (CLUSTER + 'client_cert = "c"', "client_cert and client_key go together"),
    "a certificate of another kind": (
        CLUSTER + 'client_cert = 5\nclient_key = "k"',
        "clusters[1]: 'client_cert' must be text",
    ),
    "a verify of another kind": (
        CLUSTER + "verify = 0",
        "'verify' must be true or false or text, not a whole number",
    ),
    "one svm as text": (CLUSTER + 'svms = "svm1"', "'svms' must be a list, not text"),
    "an svm of another kind": (
        CLUSTER + "svms = [1]",
        "'svms[1]' must be text, not a whole number",
    ),
    "an interval that is none": (
        CLUSTER + "interval = 300",
        "clusters[1]: 'interval' is wrong: '300' is not a duration; write 90m, 24h, 7d or 1d12h",
    ),
    "an interval of nothing": (
        CLUSTER + 'interval = "0m"',
        "'interval' must be longer than nothing",
    ),
    "a timeout that is none": (CLUSTER + "timeout = 0", "'timeout' must be a number >= 1.0"),
    "a policy of another kind": ("policy = 5", "'policy' must be text"),
    "a limit of another kind": (
        "[[limits]]\nsessions = true",
        "'sessions' must be a whole number, not true or false",
    ),
    "two of a name": (CLUSTER + CLUSTER, "cluster 'prod-a' is there twice"),
    "two of a name but for case": (
        CLUSTER + CLUSTER.replace("prod-a", "PROD-A"),
        "cluster 'prod-a' is there twice",
    ),
}


@pytest.mark.parametrize(("text", "sentence"), WRONG.values(), ids=WRONG)
def test_what_the_configuration_cannot_mean_is_named(
    tmp_path: Path, text: str, sentence: str
) -> None:
    with pytest.raises(UsageError) as error:
        load(tmp_path, text)
    assert sentence in str(error.value)
    assert str(error.value).startswith(f"{tmp_path / 'analyzer.toml'}: ")
    assert "hunter2" not in str(error.value)


def test_a_cluster_that_is_not_there_names_the_nearest(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"no cluster 'prod-b'; did you mean 'prod-a'\?"):
        load(tmp_path, CLUSTER).named(("prod-b",))


def test_times_without_an_offset_are_in_the_configured_zone(tmp_path: Path) -> None:
    window = "[[maintenance]]\nsince = 2026-07-05T22:00:00\nuntil = 2026-07-06T02:00:00+00:00\n"
    (rule,) = load(tmp_path, f'timezone = "Europe/Zurich"\n{window}').maintenance
    assert (rule.since, rule.until) == (datetime(2026, 7, 5, 20), datetime(2026, 7, 6, 2))
    (rule,) = load(tmp_path, window).maintenance
    assert rule.since == datetime(2026, 7, 5, 22)


def test_a_time_that_summer_time_makes_ambiguous_is_refused(tmp_path: Path) -> None:
    window = "[[maintenance]]\nsince = 2026-10-25T02:30:00\nuntil = 2026-10-26T02:00:00\n"
    with pytest.raises(UsageError, match=r"maintenance\[1\]: 'since' is wrong: .* was there twice"):
        load(tmp_path, f'timezone = "Europe/Zurich"\n{window}')


@pytest.mark.parametrize(
    "content",
    [b"s3cret", b"s3cret\n", b"s3cret\r\n", "\ufeffs3cret\r\n".encode(), "s3cret".encode("utf-16")],
)
def test_a_secret_file_is_read_without_mark_and_end_of_line(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "secret").write_bytes(content)
    (cluster,) = load(tmp_path, CLUSTER + 'username = "r"\npassword_file = "secret"\n').clusters
    assert cluster.reveal() == "s3cret"


def test_a_secret_in_a_variable_is_read_without_mark_and_end_of_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (cluster,) = load(tmp_path, CLUSTER + 'username = "r"\npassword_env = "PROD_A"\n').clusters
    monkeypatch.setenv("PROD_A", "\ufeffs3cret\r\n")
    assert cluster.reveal() == "s3cret"
    monkeypatch.setenv("PROD_A", "s3cr\udce9t")  # bytes that are no UTF-8
    with pytest.raises(UsageError, match="password_env: PROD_A: not UTF-8 text"):
        cluster.reveal()


@pytest.mark.parametrize("content", [b"s3cret\n# of prod-a\n", "s3cret".encode("utf-16-le")])
def test_what_can_be_no_password_is_refused_before_the_array_refuses_it(
    tmp_path: Path, content: bytes
) -> None:
    (tmp_path / "secret").write_bytes(content)
    (cluster,) = load(tmp_path, CLUSTER + 'username = "r"\npassword_file = "secret"\n').clusters
    with pytest.raises(UsageError, match="password_file gave no secret"):
        cluster.reveal()


def test_a_pipe_hands_a_secret_over_and_is_not_waited_for_without_end(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "secret")
    (cluster,) = load(tmp_path, CLUSTER + 'username = "r"\npassword_file = "secret"\n').clusters
    with pytest.raises(UsageError, match="secret: no end of it within 0 seconds"):
        cluster.reveal(within=0.1)
    writer = Thread(target=(tmp_path / "secret").write_text, args=("s3cret\n",))
    writer.start()
    assert cluster.reveal() == "s3cret"
    writer.join()


def test_a_secret_file_that_everybody_can_read_is_reported(tmp_path: Path) -> None:
    config = load(tmp_path, CLUSTER + 'username = "r"\npassword_file = "secret"\n')
    secret = tmp_path / "secret"
    secret.write_text("x")
    for mode, warns in ((0o600, False), (0o640, False), (0o644, True)):
        secret.chmod(mode)
        assert [str(secret) in warning for warning in config.warnings()] == [True] * warns


def test_a_cluster_does_not_show_its_commands(tmp_path: Path) -> None:
    text = CLUSTER + 'username = "r"\npassword_command = "echo hunter2"\n'
    assert "hunter2" not in repr(load(tmp_path, text))


def test_the_configuration_of_the_machine_is_the_last_place_looked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    there, here = tmp_path / "etc.toml", tmp_path / "analyzer.toml"
    there.write_text('store = "there"')
    monkeypatch.setattr(context, "_CONFIGS", (here, there))
    places = [context.Context(None, None, verbose=False, quiet=False).open().root]
    here.write_text('store = "here"')
    places.append(context.Context(None, None, verbose=False, quiet=False).open().root)
    places.append(context.Context(None, there, verbose=False, quiet=False).open().root)
    assert [place.name for place in places] == ["there", "here", "there"]


@pytest.mark.parametrize("url", [
    "ftp://a", "https://", "https:///x", "//a", "https://a:99999", "https://a:0", "https://a:b",
    "https://a..b", "https://.a", "https://-a", "https://a-", "https://%00", "https://a b",
    "https://a\n", "https://a\\b", "https://\N{SNOWMAN}", "https://a\u202e", "https://1.2.3",
    "https://999.1.1.1", "https://[::1", f"https://{'a' * 64}", f"https://{'a.' * 130}b",
])  # fmt: skip
def test_an_address_that_no_request_can_reach_is_none(url: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        split_url(url)


@pytest.mark.parametrize("url", [
    "https://a", "http://a_b.c.:8/x?y#z", "https://10.0.0.1:443", "https://[fe80::1%eth0]/x",
    "HTTPS://XN--TDA.example", f"https://{'a' * 63}.b",
])  # fmt: skip
def test_an_address_of_a_name_or_a_number_is_one(url: str) -> None:
    assert split_url(url).hostname
