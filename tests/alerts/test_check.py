"""What a scheduler hears: thresholds, maintenance, each alert once, a webhook, files for monitors."""

import json
from pathlib import Path

import pytest
from support.receivers import Place, Receiver

pytestmark = pytest.mark.usefixtures("engines_left_open")
LOST = ("check", "--report", "dropped-connections")


def test_each_finding_is_reported_once_and_its_end_once(place: Place) -> None:
    place.see("02:10")
    place.see("02:15")
    code, out, _ = place.run(*LOST, "--once")
    assert (code, out) == (0, "first check: nothing found\n")
    place.see("02:20", "lnx1")
    code, out, _ = place.run(*LOST, "--once", now="02:21")
    assert code == 1
    assert out.count("NEW   critical  dropped-connections: prod-a svm_sql") == 4
    assert place.run(*LOST, "--once", now="02:22") == (0, "", "")
    assert place.run(*LOST, now="02:22")[0] == 1
    place.see("02:25")
    code, out, _ = place.run(*LOST, "--once", now="02:26")
    assert (code, out.count("OVER  critical")) == (0, 4)
    assert place.run(*LOST, "--once", now="02:27")[1] == ""


def test_what_began_and_ended_between_two_checks_is_reported(place: Place) -> None:
    place.see("02:10")
    place.run(*LOST, "--once")
    place.see("02:15", "lnx1")
    place.see("02:20", "lnx1")
    place.see("02:25")
    code, out, _ = place.run(*LOST, "--once", now="02:26")
    assert (code, out.count("(and is over)")) == (1, 4)
    assert place.run(*LOST, "--once", now="02:27")[1] == ""


def test_an_event_that_leaves_the_window_is_not_over(place: Place) -> None:
    place.see("02:10", "lnx1")
    place.run("check", "--report", "new-initiators", "--fail-on", "info", "--once")
    place.see("02:15")
    new = ("check", "--report", "new-initiators", "--fail-on", "info", "--once")
    assert "NEW" in place.run(*new, now="02:16")[1]
    place.see("02:20")
    assert place.run(*new, "--since", "2026-11-23T02:18:00Z", now="02:21")[1] == ""


def test_a_state_that_cannot_be_read_is_named(place: Place) -> None:
    place.see("02:10")
    (place.root / "store" / "alerts.json").write_text("{ not json")
    code, _, err = place.run("check", "--once")
    assert code == 4
    assert "alerts.json: what the last check knew cannot be read" in err


MAINTENANCE = """
[[maintenance]]
since = 2026-11-23T03:00:00+01:00
until = 2026-11-23T03:30:00+01:00
{where}
reason = "CHG-4711"
"""


@pytest.mark.parametrize(
    ("where", "code"),
    [
        ("", 0),
        ('cluster = "prod-*"', 0),
        ('cluster = "other"', 1),
        ('svm = "svm_sql"', 0),
        ('svm = "svm_k8s"', 1),
        ('igroup = "ig_ora"', 0),
        ('igroup = "ig_esx"', 1),
        ('initiator = "*LNX1"', 0),
        ('report = "outages"', 1),
    ],
)
def test_maintenance_mutes_and_records(loss: Place, where: str, code: int) -> None:
    loss.configure(MAINTENANCE.format(where=where))
    assert loss.run(*LOST)[0] == code
    rows = loss.run("report", "dropped-connections", "--format", "ndjson")[1].splitlines()
    records = [json.loads(line) for line in rows]
    assert len(records) == 4
    assert {row["severity"] for row in records} == {"critical" if code else "info"}
    assert all(("critical but for: CHG-4711" in row["detail"]) is (code == 0) for row in records)


def test_maintenance_ends(place: Place) -> None:
    place.configure(MAINTENANCE.format(where=""))
    place.see("02:35")
    place.see("02:40", "lnx1")
    assert place.run(*LOST, now="02:45")[0] == 1


def test_an_outage_is_lowered_if_all_of_it_is(place: Place) -> None:
    place.configure('[[lower]]\nigroup = "ig_ora"\nto = "low"\n')
    place.see("02:10")
    place.see("02:15", "lnx1", "lnx2")
    rows = place.run("report", "outages", "--format", "ndjson")[1].splitlines()
    assert {json.loads(row)["severity"] for row in rows} == {"low"}
    place.see("02:20", "lnx1", "lnx2", "lnx3", "lnx4", "esx1", "esx2", "esx3", "esx4")
    rows = place.run("report", "outages", "--format", "ndjson", now="02:25")[1].splitlines()
    assert "low" in {json.loads(row)["severity"] for row in rows}


def test_a_report_may_have_a_threshold_of_its_own(loss: Place) -> None:
    loss.configure('[check.reports]\ndropped-connections = "never"\n')
    assert loss.run(*LOST)[0] == 0
    loss.configure('[check]\nfail_on = "critical"\n')
    assert loss.run(*LOST)[0] == 1
    loss.configure('[check.reports]\nno-such = "high"\n')
    code, _, err = loss.run("check")
    assert (code, "there is no finding report 'no-such'" in err) == (2, True)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("[[maintenance]]\nsince = 2026-11-23T03:00:00Z\n", "maintenance[1]: 'until' is missing"),
        ('[[lower]]\nigroup = "x"\n', "lower[1]: 'to' is missing"),
        (
            '[[lower]]\nto = "lowest"\n',
            "lower[1]: 'to' is one of critical, high, medium, low, info",
        ),
        ('[check]\nfail_onn = "low"\n', "did you mean 'fail_on'?"),
        ('[check]\nwebhook = "https://me:secret@x.example/"\n', "use webhook_token_env"),
        ('[check.reports]\nflapping = "loud"\n', "check.reports: 'flapping' is one of"),
    ],
)
def test_what_the_configuration_cannot_mean_is_named(
    place: Place, text: str, sentence: str
) -> None:
    place.configure(text)
    code, _, err = place.run("check")
    assert code == 2
    assert sentence in err
    assert "secret" not in err


def test_a_webhook_hears_what_is_new_and_what_is_over(
    place: Place, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    place.configure(
        f'[check]\nwebhook = "{receiver.url("/hook")}"\nwebhook_token_env = "ALERT_TOKEN"\n'
    )
    monkeypatch.setenv("ALERT_TOKEN", "not-to-be-seen")
    place.see("02:10")
    place.run(*LOST, "--once")
    assert receiver.requests == []
    place.see("02:15", "lnx1")
    _, out, err = place.run(*LOST, "--once")
    ((_, headers, body),) = receiver.requests
    assert headers["Authorization"] == "Bearer not-to-be-seen"
    assert (len(body["new"]), body["over"], body["first"]) == (4, [], False)
    assert body["new"][0]["since"] == "2026-11-23T02:15:00Z"
    assert "not-to-be-seen" not in out + err


def test_what_a_webhook_missed_is_sent_again(place: Place, receiver: Receiver) -> None:
    place.configure(f'[check]\nwebhook = "{receiver.url("/hook")}"\n')
    place.see("02:10")
    place.run(*LOST, "--once")
    place.see("02:15", "lnx1")
    receiver.answers["/hook"] = 503
    code, out, err = place.run(*LOST, "--once")
    assert (code, out.count("NEW")) == (69, 4)
    assert "webhook at 127.0.0.1: HTTP 503; the next check sends it again" in err
    assert len(receiver.requests) == 3
    del receiver.answers["/hook"]
    assert place.run(*LOST, "--once")[0] == 1
    assert len(receiver.requests) == 4
    assert place.run(*LOST, "--once")[0] == 0
    assert len(receiver.requests) == 4


def test_a_monitor_reads_whole_files(loss: Place) -> None:
    code, out, _ = loss.run(*LOST, "--format", "prometheus", "--output", "analyzer.prom")
    assert (code, out) == (1, "")
    metrics = (loss.root / "analyzer.prom").read_text()
    assert 'analyzer_findings{cluster="prod-a",severity="critical",state="open"} 4\n' in metrics
    code, out, _ = loss.run(*LOST, "--format", "nagios")
    # The window begins before the first snapshot: that is a gap.
    assert out == (
        "ISCSI CRITICAL - 4 critical; 1 gap | critical=4 high=0 medium=0 low=0 info=0 gaps=1\n"
    )


def test_a_plugin_answers_with_the_status_that_monitors_read(place: Place) -> None:
    code, out, err = place.run(*LOST, "--plugin")
    assert (code, err) == (3, "")
    assert out.startswith("ISCSI UNKNOWN - ")
    assert "there is no store at" in out
    place.see("02:10")
    assert place.run(*LOST, "--plugin")[0] == 0
    place.see("02:15", "lnx1")
    code, out, _ = place.run(*LOST, "--plugin")
    assert code == 2
    # The window begins before the first snapshot: that is a gap.
    assert out.startswith("ISCSI CRITICAL - 4 critical; 1 gap")
    place.configure('[[lower]]\nto = "high"\n')
    assert place.run(*LOST, "--plugin")[0] == 1
    assert place.run(*LOST, "--plugin", "--once")[0] == 2


def test_a_cluster_that_nobody_sees_is_an_alert_of_its_own(place: Place) -> None:
    place.see("02:10")
    assert place.run("check", "--report", "blind", now="05:00")[0] == 0
    code, out, _ = place.run("check", "--report", "blind", now="06:00")
    assert code == 1
    assert "nobody has tried since" in out
    assert "critical" in place.run("check", "--report", "blind", "--until",
                                   "2026-11-24T03:00:00Z", now="06:00")[1]  # fmt: skip


CLUSTERS = """
[[clusters]]
name = "prod-a"
url = "https://prod-a.example.com"

[[clusters]]
name = "prod-b"
url = "https://prod-b.example.com"
"""


def fail(place: Place, minute: str, cluster: str = "prod-b") -> None:
    taken = f"2026-11-23T{minute}:00Z"
    place.run("import", "--cluster", cluster, "--taken-at", taken, "--failed", "HTTP 401")


def test_a_cluster_that_never_answered_is_blind_and_fails_the_check(place: Place) -> None:
    place.see("02:10")
    fail(place, "02:10")
    fail(place, "02:15")
    code, out, _ = place.run("report", "blind", "--format", "ndjson")
    (row,) = map(json.loads, out.splitlines())
    assert (row["cluster"], row["last_seen"], row["severity"]) == ("prod-b", None, "high")
    assert (row["attempts_since"], row["detail"]) == (2, "HTTP 401")
    assert place.run("check")[0] == 1
    code, out, _ = place.run("check", "--plugin")
    assert (code, out[:15]) == (1, "ISCSI WARNING -")
    later = place.run("report", "blind", "--at", "2026-11-24T02:20:00Z", "--format", "ndjson")[1]
    assert '"severity": "critical"' in later


def test_a_configured_cluster_without_an_attempt_is_blind(place: Place) -> None:
    place.configure(CLUSTERS)
    place.see("02:10")
    blind = ("check", "--report", "blind")
    code, out, _ = place.run(*blind)
    assert code == 1
    assert "configured, and nobody has collected it yet" in out
    assert place.run(*blind, "--cluster", "prod-a")[0] == 0
    assert place.run(*blind, "--cluster", "PROD-B")[0] == 1
    assert place.run("check", "--cluster", "prod-b", "--plugin")[0] == 1


def test_a_clock_before_every_snapshot_is_blind_and_not_well(place: Place) -> None:
    place.see("02:10")
    place.see("02:15")
    code, out, _ = place.run("check", now="02:05")
    assert (code, "every snapshot of it is later than the clock" in out) == (1, True)
    assert place.run("check", "--plugin", now="02:05")[0] == 1
    assert place.run("check", "--strict-coverage", now="02:05")[0] == 3
    _, out, _ = place.run("status", now="02:05")
    assert "NO DATA: every snapshot is later than the clock" in out
    assert "recent from every cluster" not in out
    assert place.run("check", "--report", "blind", now="02:12")[0] == 0


def test_reports_without_any_snapshot_leave_the_check_to_blind(place: Place) -> None:
    fail(place, "02:10")
    code, out, _ = place.run("check")
    assert code == 1
    assert "prod-b" in out
    code, _, err = place.run("check", "--report", "multipath-imbalance")
    assert code == 2
    assert "prod-b: no complete snapshot" in err


def test_two_schedules_with_one_cluster_each_share_the_alerts_that_were_sent(place: Place) -> None:
    check = ("check", "--report", "blind", "--once")
    first, other = ((*check, "--cluster", name) for name in ("prod-a", "prod-b"))
    place.see("02:10")
    fail(place, "02:10")
    place.run(*first)
    assert "NEW   high      blind: prod-b" in place.run(*other)[1]
    for _ in range(2):
        assert place.run(*first)[1] == ""
        assert place.run(*other)[1] == ""


def test_two_schedules_with_other_windows_and_thresholds_do_not_flip(place: Place) -> None:
    long = (*LOST, "--once", "--since", "3h")
    short = (*LOST, "--once", "--since", "10m", "--fail-on", "critical")
    place.see("02:10")
    place.run(*long)
    place.see("02:15", "lnx1", "lnx2")
    place.see("02:20", "lnx1", "lnx2")
    place.see("02:25")
    place.see("02:50")
    assert place.run(*long, now="02:50")[1].count("(and is over)") > 0
    for _ in range(2):
        assert place.run(*short, now="02:51")[1] == ""
        assert place.run(*long, now="02:51")[1] == ""


def test_what_is_lowered_after_it_was_reported_is_muted_and_not_over(place: Place) -> None:
    place.see("02:10")
    place.run(*LOST, "--once")
    place.see("02:15", "lnx1")
    assert place.run(*LOST, "--once")[1].count("NEW") == 4
    place.configure('[[lower]]\nto = "info"\n')
    code, out, _ = place.run(*LOST, "--once")
    assert (code, out.count("MUTED critical  dropped-connections: prod-a")) == (0, 4)
    assert "OVER" not in out
    assert place.run(*LOST, "--once")[1] == ""
    place.configure("")
    code, out, _ = place.run(*LOST, "--once", now="02:40")
    assert (code, out.count("NEW")) == (1, 4)
    place.configure('[[lower]]\nto = "info"\n')
    place.run(*LOST, "--once")
    place.see("02:45")
    assert place.run(*LOST, "--once", now="02:46")[1].count("OVER") == 4


def test_a_muted_finding_reaches_the_webhook(place: Place, receiver: Receiver) -> None:
    place.configure(f'[check]\nwebhook = "{receiver.url("/hook")}"\n')
    place.see("02:10")
    place.run(*LOST, "--once")
    place.see("02:15", "lnx1")
    place.run(*LOST, "--once")
    place.configure(f'[check]\nwebhook = "{receiver.url("/hook")}"\n[[lower]]\nto = "info"\n')
    place.run(*LOST, "--once")
    body = receiver.requests[-1][2]
    assert (len(body["muted"]), body["new"], body["over"]) == (4, [], [])


def test_a_state_of_an_earlier_version_is_a_first_check(place: Place) -> None:
    place.see("02:10")
    (place.root / "store" / "alerts.json").write_text(
        '{"[\\"blind\\", \\"x\\"]": {"report": "blind"}}'
    )
    assert place.run(*LOST, "--once")[1] == "first check: nothing found\n"
    (place.root / "store" / "alerts.json").write_text('{"format": 99, "alerts": {}}')
    code, _, err = place.run(*LOST, "--once")
    assert (code, "a newer analyzer wrote it" in err) == (4, True)


def test_a_recovered_outage_does_not_keep_a_monitor_at_warning(loss: Place) -> None:
    assert loss.run(*LOST, "--plugin")[0] == 2
    loss.see("02:20", "lnx1")
    loss.see("02:25")
    code, out, _ = loss.run(*LOST, "--plugin", now="02:26")
    line = "ISCSI OK - nothing found; 4 over; 1 gap"  # before the first snapshot
    assert (code, out) == (0, f"{line} | critical=0 high=0 medium=0 low=0 info=0 gaps=1\n")
    assert loss.run(*LOST, now="02:26")[0] == 1


ACCEPTED = '[[accept]]\nreport = "{report}"\nuntil = {until}\nreason = "lab"\n'


@pytest.mark.parametrize(
    ("report", "until", "code"),
    [
        ("dropped-connections", "2026-11-24", 0),
        ("Dropped-*", "2026-11-24", 0),
        ("dropped-connections", "2026-11-22", 1),
        ("outages", "2026-11-24", 1),
    ],
)
def test_findings_of_any_report_can_be_accepted(
    loss: Place, report: str, until: str, code: int
) -> None:
    (loss.root / "policy.toml").write_text(ACCEPTED.format(report=report, until=until))
    assert loss.run(*LOST)[0] == code
    rows = loss.run("report", "dropped-connections", "--format", "ndjson")[1].splitlines()
    details = [json.loads(row)["detail"] for row in rows]
    accepted = "accepted until 2026-11-24T00:00:00Z: lab"
    assert all((accepted in detail) is (code == 0) for detail in details)


def test_the_example_configuration_runs_with_every_comment_removed(place: Place) -> None:
    example = place.run("doctor", "--example")[1]
    text = example.replace("\n# ", "\n")
    (place.root / "analyzer.toml").write_text(text)
    place.see("02:10")
    place.see("02:15")
    code, _, err = place.run("check")
    assert (code in {0, 1}, err) == (True, "")  # whatever is found, it ran


@pytest.mark.parametrize(
    ("url", "token"),
    [
        ("http://127.0.0.1:1/x", "schlüssel"),
        ("http://127.0.0.1:1/x", "two\nlines"),
        ("http://[::1", "t"),
        ("http://127.0.0.1:99999/x", "t"),
        ("http://127.0.0.1:port/x", "t"),
        ("http://exa mple/x", "t"),
        (f"http://{'a' * 70}.invalid/x", "t"),
    ],
)
def test_a_webhook_that_cannot_be_reached_is_a_sentence(
    loss: Place, monkeypatch: pytest.MonkeyPatch, url: str, token: str
) -> None:
    monkeypatch.setenv("ALERT_TOKEN", token)
    loss.configure(f'[check]\nwebhook = "{url}"\nwebhook_token_env = "ALERT_TOKEN"\n')
    code, _, err = loss.run(*LOST, "--once")
    assert code in {2, 69}
    assert "webhook" in err
    assert token == "t" or token not in err


def test_what_is_counted_and_not_shown_is_named(loss: Place) -> None:
    loss.configure('[[lower]]\nto = "info"\n')
    code, out, _ = loss.run(*LOST)
    assert (code, out.splitlines()) == (
        0,
        ["4 info, not shown: analyzer report dropped-connections", "OK - 4 info; 1 gap"],
    )


OF_EVERY_TYPE = """\
-- /// query
-- title = "Of every type"
-- description = "A finding whose identity is no text."
-- time = "always"
-- kind = "finding"
-- [columns]
-- cluster = "Cluster."
-- severity = "Severity."
-- detail = "In words."
-- share = "A decimal."
-- day = "A date."
-- parts = "A map."
-- ///
select cluster, 'high' as severity, 'x' as detail, 12345678901234567.8901::decimal(38, 4) as share,
    date '2026-11-23' as day, map {1.5: [time '02:10:00']} as parts
from attempts
group by all
order by all
"""


def test_a_finding_may_be_known_by_values_of_any_type(place: Place, tmp_path: Path) -> None:
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "typed.sql").write_text(OF_EVERY_TYPE, encoding="utf-8")
    own = ("check", "--queries", str(tmp_path / "own"), "--report", "typed", "--once")
    place.see("02:10")
    assert place.run(*own)[0] == 1
    place.see("02:15")
    assert place.run(*own)[1] == ""
