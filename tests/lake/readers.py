"""Which DuckDB reads what: each version in an environment of its own, value by value.

``python tests/lake/readers.py FOLDER`` (``make readers``) makes a store and its exports in FOLDER,
the environments in .venv-readers, and prints a table for docs/lake.md.
"""

import hashlib
import json
import os
import subprocess
import sys
import venv
from pathlib import Path

VERSIONS = ("1.4", "1.5", "2.0")
HOME = Path(".venv-readers")
# Runs in the environment of another DuckDB: what each statement gives, as a digest of its rows.
READER = """
import hashlib, json, sys
import duckdb
for label, database, statement in json.load(sys.stdin):
    try:
        with duckdb.connect(database, read_only=database != ":memory:") as session:
            session.execute("set timezone = 'UTC'")
            rows = sorted(map(repr, map(list, session.execute(statement).fetchall())))
        answer = hashlib.sha256("\\n".join(rows).encode()).hexdigest()
    except duckdb.Error as error:
        answer = str(error).partition("\\n")[0]
    print(json.dumps([label, duckdb.__version__, answer]))
"""


def questions(folder: Path) -> list[tuple[str, str, str]]:
    """What is read, by which database and statement: every table of each export, and the views."""
    from deltalake import DeltaTable  # noqa: PLC0415  # of the suite's environment

    from analyzer.engine.tables import COLUMNS  # noqa: PLC0415  # the same

    every = []
    for table, columns in COLUMNS.items():
        zoned = ", ".join(
            f'timezone(\'UTC\', "{name}") as "{name}"' if kind == "timestamp" else f'"{name}"'
            for name, kind in columns.items()
        )
        plain = ", ".join(f'"{name}"' for name in columns)
        hive = "hive_partitioning = true, hive_types = {'cluster': varchar, 'year': int}"
        files = DeltaTable(folder / "delta" / table).file_uris()
        sources = {
            "export parquet": f"'{folder}/parquet/latest/{table}/**/*.parquet'",
            "files of export delta": json.dumps(files).replace('"', "'"),
        }
        for kind, source in sources.items():
            if source != "[]":  # a table of no rows has no files
                read = f"select {zoned} from read_parquet({source}, {hive})"
                every.append((f"{kind}: {table}", ":memory:", read))
        database = str(folder / "store" / "history.duckdb")
        every.append((f"history.duckdb: {table}", database, f"select {plain} from {table}"))
    return every


def expected(folder: Path) -> dict[str, str]:
    """The digest of what the history has, by table."""
    from support import lakes  # noqa: PLC0415  # of the suite

    from analyzer.store.layout import Store  # noqa: PLC0415  # of the suite's environment

    store = Store(folder / "store")
    return {
        table: hashlib.sha256("\n".join(rows).encode()).hexdigest()
        for table, rows in lakes.ours(store).items()
    }


def python_of(version: str) -> Path:
    """The interpreter of an environment with that DuckDB and nothing else."""
    python = HOME / version / "bin" / "python"
    if not python.exists():
        venv.create(HOME / version, with_pip=True)
    command = [python, "-m", "pip", "install", "-q", "--disable-pip-version-check"]
    subprocess.run([*command, f"duckdb=={version}.*", "pytz"], check=True)
    return python


def main(folder: Path) -> int:
    """Print what each version read; the exit status is 1 where something differs."""
    program = [sys.executable, "-m", "analyzer", "--quiet", "--store", str(folder / "store")]
    if not (folder / "store").exists():
        subprocess.run([*program, "demo", "--output", str(folder)], check=True)
    os.environ.setdefault("ANALYZER_NOW", "2026-11-24T00:00:00Z")
    for kind in ("delta", "parquet"):
        subprocess.run([*program, "export", kind, str(folder / kind)], check=True)
    requests = json.dumps(questions(folder))
    digests, failed = expected(folder), 0
    for version in VERSIONS:
        answers = subprocess.run(
            [python_of(version), "-c", READER], input=requests, capture_output=True, text=True,
            check=True,
        ).stdout  # fmt: skip
        results: dict[str, list[str]] = {}
        for line in answers.splitlines():
            label, exact, answer = json.loads(line)
            kind, table = label.split(": ")
            same = answer == digests[table]
            failed += not same
            results.setdefault(f"| DuckDB {exact} | {kind}", []).append(
                "" if same else f"{table}: {answer}"
            )
        for head, problems in results.items():
            wrong = "; ".join(filter(None, problems))
            print(f"{head} | {wrong or f'{len(problems)} tables, every value equal'} |")
    return int(bool(failed))


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parents[1]))
    sys.exit(main(Path(sys.argv[1]).absolute()))
