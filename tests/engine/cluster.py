"""A real Spark on loopback around a command: ``cluster.py PYTHON COMMAND …``.

One master, two workers of one core each, a Connect server; PYTHON is one that has ``pyspark``
installed, and Java 17 is on the path. The command finds the server in ``ANALYZER_SPARK_URL``.
"""

import os
import socket
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

_CONNECT = "org.apache.spark.sql.connect.service.SparkConnectServer"
_WAIT = 120.0


def free() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait(port: int) -> None:
    """Until somebody listens there."""
    deadline = time.monotonic() + _WAIT
    while time.monotonic() < deadline:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.5)
    raise SystemExit(f"nothing listens on port {port} after {_WAIT:.0f} s")


def main(python: str, command: list[str]) -> int:
    """Start everything, run the command, stop everything."""
    script = "import os, pyspark; print(os.path.dirname(pyspark.__file__))"
    home = Path(subprocess.check_output([python, "-c", script], text=True).strip())
    master, server = free(), free()
    url = f"spark://127.0.0.1:{master}"
    deploy = [str(home / "bin" / "spark-class"), "org.apache.spark.deploy"]
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="analyzer-spark-")))
        environment = os.environ | {
            "SPARK_HOME": str(home), "SPARK_LOCAL_IP": "127.0.0.1", "PYSPARK_PYTHON": python,
            "SPARK_WORKER_DIR": str(folder),
        }  # fmt: skip

        def start(name: str, *words: str) -> None:
            log = stack.enter_context((folder / f"{name}.log").open("w"))
            process = subprocess.Popen(words, cwd=folder, env=environment, stdout=log, stderr=log)
            stack.callback(process.wait)
            stack.callback(process.terminate)

        here = ("--host", "127.0.0.1")
        start("master", deploy[0], f"{deploy[1]}.master.Master", *here, "--port", str(master),
              "--webui-port", str(free()))  # fmt: skip
        wait(master)
        for number in (1, 2):
            start(f"worker{number}", deploy[0], f"{deploy[1]}.worker.Worker", *here, "-c", "1",
                  "-m", "2g", "--webui-port", str(free()), url)  # fmt: skip
        properties = {
            "spark.connect.grpc.binding.address": "127.0.0.1",
            "spark.connect.grpc.binding.port": str(server),
            "spark.driver.host": "127.0.0.1",
            "spark.executor.memory": "1500m",
            "spark.sql.shuffle.partitions": "2",
            "spark.ui.enabled": "false",
        }
        settings = [word for item in properties.items() for word in ("--conf", "=".join(item))]
        start("connect", str(home / "bin" / "spark-submit"), "--class", _CONNECT, "--master", url,
              *settings, "spark-internal")  # fmt: skip
        wait(server)
        reached = {"ANALYZER_SPARK_URL": f"sc://127.0.0.1:{server}"}
        return subprocess.run(command, env=os.environ | reached, check=False).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2:]))
