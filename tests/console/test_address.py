"""A page's state is its URL, whatever names hold."""

from urllib.parse import unquote, urlsplit

from hypothesis import given
from hypothesis import strategies as st

from analyzer.console.address import PageAddress, of_object

NAMES = st.text(min_size=1, max_size=60)
VALUES = st.text(max_size=20).map(str.strip).filter(bool)


@given(st.lists(st.tuples(st.sampled_from(["since", "cluster", "x"]), VALUES), max_size=5))
def test_a_url_reads_back_as_what_was_written(values: list[tuple[str, str]]):
    address = PageAddress("/incident", tuple(values))
    parts = urlsplit(str(address))
    assert str(address).isascii()
    read = PageAddress.read(parts.path, parts.query)
    assert read.values == tuple((k, v.encode(errors="replace").decode()) for k, v in values)


@given(NAMES)
def test_every_name_has_an_address_that_names_it(name: str):
    written = of_object("initiator", name)
    assert written is not None
    assert written.startswith("/initiator/")
    parts = urlsplit(written)
    path_name = unquote(parts.path.removeprefix("/initiator/"))
    named = path_name or PageAddress.read(parts.path, parts.query).value("name")
    assert named.strip() == name.encode(errors="replace").decode().strip()


def test_dots_are_not_folders():
    assert of_object("node", "..") == "/node/?name=.."
    assert of_object("node", ".") == "/node/?name=."


def test_no_name_and_one_longer_than_any_url_have_no_page():
    assert of_object("node", None) is None
    assert of_object("node", "") is None
    assert of_object("node", "x" * 5_000) is None


def test_values_are_changed_and_left_out_by_name():
    address = PageAddress("/", (("since", "1h"), ("cluster", "a"), ("cluster", "b")))
    assert str(address.changed(since=None, cluster=("c", "d"))) == "/?cluster=c&cluster=d"
    assert str(address.only("since").at("/x")) == "/x?since=1h"
    assert address.value("cluster") == "b"
    assert address.all_values("cluster") == ("a", "b")
