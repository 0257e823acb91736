"""The wheel carries all that the program needs, queries included."""

import subprocess
import sys
import venv
from pathlib import Path

ROOT = Path(__file__).parents[2]


def run(*command: str, **more: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, capture_output=True, text=True, check=True, **more)  # type: ignore[call-overload]


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
    venv.create(home, with_pip=True)
    python = home / "bin" / "python"
    run(str(python), "-m", "pip", "install", "-q", "--disable-pip-version-check", str(wheel))
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
