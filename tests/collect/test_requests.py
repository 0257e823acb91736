"""What the collector asks, read by the parser that answers it elsewhere."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from analyzer.collect import collector
from analyzer.config.cluster import Cluster
from analyzer.ontap import Client, unknown_fields
from analyzer.ontap.listing import _query as write
from analyzer.ontap.resources import RESOURCES, SESSIONS
from analyzer.rest.language import parse
from analyzer.rest.language.query import pairs
from analyzer.rest.language.respond import find
from analyzer.simulate import SimulatedArray, base_world
from analyzer.store.layout import Store


@pytest.mark.parametrize("release", [(9, 6), (9, 8), (9, 9), (9, 11), (9, 16)])
def test_every_request_is_understood_by_the_release_it_goes_to(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, release: tuple[int, int]
) -> None:
    monkeypatch.setenv("SECRET", "pretend")
    with SimulatedArray(base_world(), password="pretend", version=(*release, 0)) as array:
        cluster = Cluster("prod-a", array.url, "admin", password_env="SECRET", connectivity_tracking=True, return_timeout=7)  # fmt: skip
        (outcome,) = collector.collect(
            Store(tmp_path / "store"), [replace(cluster, max_records=50)]
        )
        with Client(cluster) as client:
            assert unknown_fields(client, "sessions") == []
        assert outcome.status == "complete"
        assert len(array.requests) >= 7
        for request in array.requests:
            resource, parts = find(RESOURCES, request.path)
            assert not parts
            query = parse(resource, request.query, release, instance=resource.singleton)
            if not resource.singleton and "fields=%2A" not in request.query and "fields=*" not in request.query:  # fmt: skip
                assert (query.max_records, query.return_timeout) == (50, 7)
                assert set(query.fields) >= {
                    name
                    for wanted in resource.collected
                    for name in resource.below(wanted, release)
                }


@given(text=st.text(max_size=20).filter(lambda text: text.isprintable()))
def test_what_is_written_is_read_back(text: str) -> None:
    raw = write(fields="svm,igroups", max_records=3, query=text)
    assert [(name, value) for name, value, _ in pairs(raw)] == [
        ("fields", "svm,igroups"),
        ("max_records", "3"),
        ("query", text),
    ]
    assert parse(SESSIONS, write(fields="svm.*,tsih", order_by="tsih desc", max_records=3)).order_by
