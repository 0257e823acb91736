"""The wheel carries all that the program needs, queries included, and names what else it needs."""

import subprocess
import sys
import venv
from importlib.metadata import Distribution, distribution, distributions
from pathlib import Path

from packaging.requirements import Requirement

ROOT = Path(__file__).parents[2]


def run(*command: str, **more: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, capture_output=True, text=True, check=True, **more)  # type: ignore[call-overload]


def needed(package: Distribution, names: set[str]) -> set[str]:
    """The distributions that *package* declares to need, and they in turn, added to *names*."""
    for requirement in map(Requirement, package.requires or ()):
        here = requirement.marker is None or requirement.marker.evaluate({"extra": ""})
        if here and requirement.name not in names:
            names.add(requirement.name)
            needed(distribution(requirement.name), names)
    return names


def linked(names: set[str], folder: Path) -> None:
    """Put these distributions, and nothing else of this environment, into *folder*."""
    for name in names:
        for file in distribution(name).files or ():
            top = file.parts[0]
            if top not in {"..", "__pycache__"} and not (folder / top).exists():
                (folder / top).symlink_to(distribution(name).locate_file(top))  # type: ignore[arg-type]


def test_the_wheel_in_an_empty_environment_runs_a_report(tmp_path: Path) -> None:
    run(
        sys.executable,
        "-m",
        "build",
        "--wheel",
        "--no-isolation",
        "--outdir",
        str(tmp_path),
        str(ROOT),
    )
    (wheel,) = tmp_path.glob("*.whl")
    home = tmp_path / "env"
    venv.create(home)
    pip = (sys.executable, "-m", "pip", "--python", str(home / "bin" / "python"))
    run(
        *pip,
        "install",
        "-q",
        "--disable-pip-version-check",
        "--no-deps",
        "--no-compile",
        str(wheel),
    )
    (packages,) = home.glob("lib/python*/site-packages")
    # What the wheel says that it needs, from here instead of from an index.
    (ours,) = distributions(path=[str(packages)])
    linked(needed(ours, set()), packages)
    listed = run(str(home / "bin" / "analyzer"), "report", cwd=tmp_path)
    assert "dropped-connections" in listed.stdout
    answers = ROOT / "sample_data" / "sessions.json"
    store = tmp_path / "store"
    command = [str(home / "bin" / "analyzer"), "--store", str(store)]
    run(
        *command,
        "import",
        "--cluster",
        "c1",
        "--taken-at",
        "2026-11-23T02:10:00Z",
        str(answers),
        cwd=tmp_path,
    )
    output = run(*command, "report", "multipath-imbalance", "--format", "json", cwd=tmp_path)
    assert '"report": "multipath-imbalance"' in output.stdout
