"""An SVM that is not listed any more: nothing is well of it, and nothing is lost."""

import pytest
from support.scene import Scene, Watch, like, moment

from analyzer import demo
from analyzer.report import run
from analyzer.report.run import ReportRequest

HIDDEN = {"02:20": "only S2", "02:25": "only S2"}


def test_an_svm_that_is_not_listed_any_more_is_a_finding_and_no_upgrade_is_ready(
    watch: Watch,
) -> None:
    night = watch(looks=HIDDEN)
    night.only(
        "unlisted-svms", svm="svm_sql", last_seen="02:15", snapshots_since=2, severity="high",
        detail="what became of its 52 sessions is unknown",
    )  # fmt: skip
    night.only(
        "upgrade-readiness", svm="svm_sql", initiator=None, severity="high",
        detail=like("cannot be judged: SVM svm_sql is not seen any more"),
    )  # fmt: skip
    night.never("dropped-connections")


def test_it_is_seen_again_where_it_is_listed_again(watch: Watch) -> None:
    night = watch(looks={"02:15": "only S2"})
    night.never("unlisted-svms")
    night.never("upgrade-readiness")
    night.only("unlisted-svms", svm="svm_sql", last_seen="02:10", snapshots_since=1, at="02:15")
    night.never("unlisted-svms", at="02:10")


def test_an_svm_is_given_up_when_its_losses_would_be(watch: Watch) -> None:
    night = watch(looks=HIDDEN)
    night.say("unlisted-svms", svm="svm_sql", at="+29d 02:10")
    night.never("unlisted-svms", svm="svm_sql", at="+30d 02:20")


def test_where_the_svms_are_not_listed_nobody_says_that_one_is_deleted(watch: Watch) -> None:
    night = watch(looks=HIDDEN, inventories=("nodes",))
    night.only(
        "unlisted-svms", svm="svm_sql", last_seen="02:15",
        detail="has no session, where the SVMs are not listed: logged out, deleted, or not visible",
    )  # fmt: skip
    night.say("upgrade-readiness", detail="cannot be judged: SVM svm_sql is not seen any more")
    night.never("dropped-connections")


def test_what_an_unlisted_svm_still_misses_cannot_be_judged(watch: Watch) -> None:
    night = watch("02:12 drop lnx1 L2", looks=HIDDEN)
    night.only(
        "not-recovered", svm="svm_sql", initiator=None, lost_after="02:10", severity="high",
        detail="cannot be judged: SVM svm_sql is not seen any more", before="02:10",
    )  # fmt: skip
    night.only("not-recovered", initiator="lnx1", before="02:10", after="02:15")


def test_what_could_not_be_seen_is_no_evidence_of_a_loss(watch: Watch) -> None:
    night = watch("02:17 drop lnx1 *", looks={"02:15": "only S2"})
    night.only(
        "outages", cause="lnx1", lost_after="02:10", lost_by="02:20", evidence=None,
        detail="the array's log says nothing of it",
    )  # fmt: skip
    night.say("events", change="svm_not_listed", changed_after="02:10", changed_by="02:15")


def test_the_lanes_of_an_svm_that_is_not_listed_any_more_are_unknown_from_then_on(
    watch: Watch,
) -> None:
    night = watch("02:12 drop lnx1 L2", looks=HIDDEN)
    for by, lane in (("host", "lnx1"), ("interface", "L1")):
        *seen, last = night.rows_like("lanes", svm="svm_sql", lane=lane, params={"by": by})
        assert (last["state"], last["began_after"]) == ("unknown", moment("02:15")), by
        assert seen[-1]["to"] == last["from"]
        assert moment("02:19") < last["from"] <= moment("02:20")
        assert {row["state"] for row in seen} <= {"all_paths", "some_paths"}
    assert {row["standing"] for row in night.rows_like("lanes", lane="lnx1")} == {"open"}
    night.never("lanes", svm="svm_k8s", state="unknown")
    night.never("lanes", state="unknown", until="02:15")


def test_time_without_redundancy_is_unknown_where_the_svm_is_not_listed(watch: Watch) -> None:
    night = watch("02:07 drop lnx1 L3\n 02:07 drop lnx1 L4", until="02:30",
                  looks=HIDDEN | {"02:30": "only S2"})  # fmt: skip
    one_node = {"initiator": "lnx1", "state": "single_node"}
    night.say("without-redundancy", **one_node, minutes_min=5, minutes_unknown=15)
    night.say("without-redundancy", **one_node, until="02:15", minutes_min=5, minutes_unknown=0)


def unjudged(night: Scene) -> dict[str, str]:
    """What ``multipath-imbalance`` says that it did not look for, and why."""
    history, cluster = night.recording.history, night.recording.cluster
    with demo.at(history.now):
        report = run.run(history.catalog, history.catalog.reports["multipath-imbalance"])
    (coverage,) = (each for each in report.coverage if each.cluster == cluster)
    return {rule.rule: rule.why for rule in coverage.not_judged or ()}


def test_multipath_problems_of_an_unlisted_svm_are_not_judged(watch: Watch) -> None:
    listed, hidden = watch(), watch(looks=HIDDEN)
    assert unjudged(hidden) == unjudged(listed) | {
        "every rule for SVM svm_sql": "it is not seen any more"
    }


def filtered(night: Scene, report: str, **filters: str) -> list[str]:
    """The details of the rows of the night's cluster that filters leave."""
    request = ReportRequest(
        filters={name: [text] for name, text in filters.items()},
        before=moment("02:10").isoformat() if report == "not-recovered" else None,
    )
    return [row["detail"] for row in night.recording.history.rows(report, request, "prod-a")]


@pytest.mark.parametrize("report", ["upgrade-readiness", "not-recovered"])
def test_no_filter_hides_that_something_cannot_be_judged(watch: Watch, report: str) -> None:
    night = watch(looks=HIDDEN)
    unjudged = ["cannot be judged: SVM svm_sql is not seen any more"]
    assert filtered(night, report, initiator="*lnx1*") == unjudged
    assert filtered(night, report, initiator="*lnx1*", svm="svm_sql") == unjudged
    assert filtered(night, report, svm="svm_k8s") == []


def test_a_window_that_ends_while_the_svm_is_hidden_is_unknown_though_it_is_seen_again(
    watch: Watch,
) -> None:
    night = watch("02:07 drop lnx1 L3\n 02:07 drop lnx1 L4", until="02:30", looks=HIDDEN)
    hidden = {"until": "02:25", "initiator": "lnx1"}
    night.say("without-redundancy", **hidden, state="single_node", minutes_unknown=10)
    assert night.rows_like("lanes", lane="lnx1", until="02:25")[-1]["state"] == "unknown"
    night.never("lanes", state="unknown")
