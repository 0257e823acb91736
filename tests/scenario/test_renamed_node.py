"""A node under another name is the same node: nothing moved."""

from support.scene import Watch, like

ON_ONE_NODE = "02:07 logout lnx1 L1\n 02:07 logout lnx1 L2\n"


def test_a_renamed_node_is_one_row_and_no_interface_moved(watch: Watch) -> None:
    night = watch("02:12 rename_node n2 node-b")
    night.only(
        "events", change="node_renamed", changed_after="02:10", changed_by="02:15",
        severity="info", detail="node n2 renamed to node-b",
    )  # fmt: skip
    night.only("changes", change="node_renamed", before="02:05", after="02:25")


def test_a_host_on_a_renamed_node_saw_no_migration(watch: Watch) -> None:
    night = watch(ON_ONE_NODE + "02:12 rename_node n2 node-b")
    night.never("multipath-imbalance", fault="single_node_after_migration")
    night.say("multipath-imbalance", fault="single_node", initiator="lnx1", detail="node-b alone")


def test_a_takeover_before_the_name_changed_is_still_the_evidence(watch: Watch) -> None:
    night = watch(
        "02:07 takeover n2\n 02:11 giveback n2\n 02:11 recover\n 02:17 rename_node n2 node-b"
    )
    night.only("outages", cause="n2", detail=like("*node n2 taken over by n1 (cf.transition.info)"))


def test_a_node_that_is_renamed_and_taken_over_at_once_was_taken_over(watch: Watch) -> None:
    night = watch("02:12 rename_node n2 node-b\n 02:13 takeover node-b")
    night.say("events", change="node_taken_over", detail="node node-b taken over by n1")
    night.only("outages", cause="n2", detail=like("*taken over by n1 (cf.transition.info)*"))
