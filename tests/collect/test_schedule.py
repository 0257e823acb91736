"""The files for schedulers: their parsers take them, and the command lines in them are ours."""

import configparser
import re
import shlex
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
import pytest
import yaml

from analyzer import cli

FOLDER = Path(__file__).parents[2] / "docs" / "scheduling"


Understood = Callable[[list[str]], dict[str, Any]]


@pytest.fixture
def understood(monkeypatch: pytest.MonkeyPatch) -> Understood:
    """What our command line makes of words; nothing is run."""
    parsed: dict[str, Any] = {}

    def note(**options: Any) -> None:
        context = click.get_current_context()
        parsed.update(options, command=context.info_name, quiet=context.obj.quiet)

    for command in cli.analyzer.commands.values():
        monkeypatch.setattr(command, "callback", note)

    def call(words: list[str]) -> dict[str, Any]:
        parsed.clear()
        assert cli.status(words) == 0
        return dict(parsed)

    return call


def unit(name: str) -> configparser.ConfigParser:
    parser = configparser.ConfigParser(delimiters="=", comment_prefixes="#", interpolation=None)
    parser.optionxform = str  # type: ignore[assignment,method-assign]  # names keep their case
    parser.read(FOLDER / name)
    return parser


def test_the_service_collects_a_slot_and_knows_what_is_no_failure(understood: Understood) -> None:
    service = unit("analyzer-collect.service")["Service"]
    options = understood(shlex.split(service["ExecStart"])[1:])
    assert (options["command"], options["slot"]) == ("collect", True)
    assert service["SuccessExitStatus"].split() == ["3", "75"]
    assert service["Type"] == "oneshot"


def test_the_timer_catches_up_once_after_downtime() -> None:
    timer = unit("analyzer-collect.timer")["Timer"]
    assert timer["Persistent"] == "true"


@pytest.mark.parametrize("name", ["analyzer-collect.service", "analyzer-collect.timer"])
def test_systemd_takes_the_units(name: str) -> None:
    systemd = shutil.which("systemd-analyze")
    if systemd is None:
        pytest.skip("no systemd-analyze")
    words = [systemd, "verify", str(FOLDER / name)]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    # Only that the program and its user are not on this machine may be wrong.
    warnings = [line for line in done.stderr.splitlines() if "analyzer-collect" in line]
    assert [line for line in warnings if "is not executable" not in line] == []


def test_cron_mails_only_what_did_not_end_well(understood: Understood) -> None:
    lines = (FOLDER / "crontab").read_text().splitlines()
    jobs = [line for line in lines if line[0] in "*0123456789"]
    for job in jobs:  # five fields of time, the user, and a path: cron's PATH has no /usr/local/bin
        assert re.match(r"(\S+ +){5}analyzer /usr/local/bin/analyzer ", job)
    collect, check = (understood(shlex.split(job)[7:]) for job in jobs)
    assert (collect["command"], collect["quiet"], collect["slot"]) == ("collect", True, True)
    assert (check["command"], check["quiet"], check["once"]) == ("check", True, True)


def test_what_is_installed_is_what_the_schedules_run() -> None:
    script = (FOLDER / "install.sh").read_text()
    service = unit("analyzer-collect.service")["Service"]
    assert f"ln -sf /opt/analyzer/bin/analyzer {service['ExecStart'].split()[0]}" in script
    assert f"--home-dir {service['WorkingDirectory']}" in script
    assert (
        f"useradd --system --user-group --home-dir /var/lib/{service['StateDirectory']}" in script
    )
    assert service["User"] == "analyzer"
    checked = subprocess.run(["sh", "-n", FOLDER / "install.sh"], check=False)
    assert checked.returncode == 0


def test_kubernetes_runs_one_at_a_time_and_retries_what_may_pass(understood: Understood) -> None:
    job = yaml.safe_load((FOLDER / "cronjob.yaml").read_text())
    assert (job["apiVersion"], job["kind"]) == ("batch/v1", "CronJob")
    spec = job["spec"]
    assert spec["concurrencyPolicy"] == "Forbid"
    # Without a deadline of at least ten seconds a hundred missed starts would stop it for good.
    assert 10 <= spec["startingDeadlineSeconds"] < 300
    work = spec["jobTemplate"]["spec"]
    (rule,) = work["podFailurePolicy"]["rules"]
    assert rule["action"] == "FailJob"
    assert (rule["onExitCodes"]["operator"], rule["onExitCodes"]["values"]) == ("NotIn", [69, 75])
    pod = work["template"]["spec"]
    assert pod["restartPolicy"] == "Never"  # a podFailurePolicy needs it
    (container,) = pod["containers"]
    assert container["name"] == rule["onExitCodes"]["containerName"]
    options = understood(container["args"])
    assert (options["command"], options["slot"], options["log_format"]) == ("collect", True, "json")
    mounted = {mount["name"] for mount in container["volumeMounts"]}
    assert mounted == {volume["name"] for volume in pod["volumes"]}
