"""Where nobody answers, or nobody is there any more, nothing is well."""

from support.scene import Watch

FAILED = "failed HTTP 503"


def test_three_attempts_that_failed_since_the_last_snapshot_make_a_cluster_blind(
    watch: Watch,
) -> None:
    night = watch(until="02:30", looks=dict.fromkeys(("02:20", "02:25", "02:30"), FAILED))
    night.never("blind", at="02:25")
    night.only("blind", last_seen="02:15", attempts_since=3, severity="high", detail="HTTP 503")


def test_an_answer_makes_it_see_again(watch: Watch) -> None:
    looks = dict.fromkeys(("02:15", "02:20", "02:25"), FAILED)
    night = watch(until="02:30", looks=looks)
    night.say("blind", at="02:25")
    night.never("blind")


def test_a_host_that_was_steadily_there_and_is_not_is_not_ready(watch: Watch) -> None:
    night = watch("02:27 drop lnx1 *", since="00:30", until="02:30")
    night.only(
        "upgrade-readiness", initiator="lnx1", node=None, sessions=0, severity="high",
        detail="has no session, and had one in most snapshots of the last week",
    )  # fmt: skip
    night.never("upgrade-readiness", at="02:25")


def test_where_all_hosts_of_an_svm_left_it_cannot_be_judged(watch: Watch) -> None:
    night = watch("02:12 service_off S1")
    night.only(
        "upgrade-readiness", svm="svm_sql", initiator=None, severity="high",
        detail="cannot be judged: SVM svm_sql has no session any more",
    )  # fmt: skip
    night.never("upgrade-readiness", at="02:10")
