"""Deliberate breaks in the joining of what is mapped: each is noticed by a test."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from capacity import test_multipathing as modes
from multipath import test_mapped as mapped
from support.array_builder import World
from support.broken_query import break_query
from support.steps import alone
from verdicts import test_ipspace as networks

INSTANT, HISTORY = "model/instant", "model/history"
Test = Callable[..., None]

# what is broken: file, words, their replacement, the test that notices, the world that it is about
BREAKS: dict[str, tuple[str, str, str, Test, dict[str, Any]]] = {
    "peers ask for what no LUN is seen through": (
        f"{INSTANT}/unmapped_interfaces", "where g.reaches = false", "where false",
        mapped.test_a_host_without_luns_misses_nothing, {},
    ),
    "one igroup hides what another shows": (
        f"{INSTANT}/unmapped_interfaces", "having count(*) = max(m.igroups)", "",
        mapped.test_what_one_of_its_igroups_sees_is_expected, {},
    ),
    "portsets hide nothing": (
        f"{INSTANT}/igroup_interfaces", "reported and in_portset as reaches",
        "reported as reaches",
        mapped.test_a_portset_hides_where_lun_maps_are_not_known_too, {},
    ),
    "an unknown portset is none": (
        f"{INSTANT}/igroup_interfaces", "when not in_portset or in_portset is null",
        "when not in_portset",
        mapped.test_a_portset_that_was_not_listed_hides_and_demands_nothing, {},
    ),
    "a new igroup has no LUN": (
        f"{INSTANT}/mapped_igroups", "when o.since <= l.lun_maps_at then []", "else []",
        mapped.test_of_an_igroup_that_is_younger_than_the_lun_maps_nothing_is_said, {},
    ),
    "ONTAP's own word does not count": (
        f"{INSTANT}/igroup_interfaces",
        "when list_contains(required_nodes, home_node) then 'required nodes'", "",
        mapped.test_required_nodes_come_before_lun_maps, {},
    ),
    "every network is asked for": (
        f"{INSTANT}/expected", "and n.fabric is not distinct from g.fabric", "",
        mapped.test_a_network_that_no_host_of_the_igroup_is_in_is_not_requested, {},
    ),
    "ports of another time": (
        f"{HISTORY}/interface_changes", "and t.last_seen >= c.changed_by", "",
        mapped.test_a_port_that_was_down_before_explains_nothing, {},
    ),
    "the policy before the multipathing": (
        f"{INSTANT}/svm_interfaces", "when v.san_multipathing = 'local_active' then false", "",
        modes.test_sessions_end_or_move_as_the_mode_says,
        dict(zip(("multipathing", "policy", "moves"), modes.MODES[0], strict=True)),
    ),
    "a partner that is away takes over": (
        "failover", "and p.away is null", "",
        modes.test_nothing_moves_to_a_partner_that_is_away, {},
    ),
    "heirs for ever": (
        f"{HISTORY}/interface_locations", "coalesce(p.state, 'up') = 'up'", "true",
        modes.test_an_interface_that_fails_over_stands_for_both_nodes_while_both_can_serve,
        {"multipathing": "active_active", "policy": modes.HOME, "moves": True},
    ),
    "one network of two IPspaces": (
        f"{HISTORY}/loss_objects", "|| coalesce(' in ' || nullif(i.ipspace, 'Default'), '')", "",
        networks.test_the_one_that_is_not_the_default_is_named_by_its_ipspace, {},
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", BREAKS)
def test_a_break_is_noticed(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file, old, new, test, values = BREAKS[name]
    break_query(tmp_path / "broken", file, old, new)
    monkeypatch.setattr("support.array_builder.FOLDERS", (tmp_path / "broken",))
    if test.__module__ == modes.__name__:
        values = {"array": World(tmp_path / "store"), **values}
    else:
        build = mapped.four_nodes if test.__module__ == mapped.__name__ else networks.twins
        values = {"world": build(tmp_path / "store"), **values}
    with pytest.raises((AssertionError, KeyError, ValueError)):
        alone(test, **values)
