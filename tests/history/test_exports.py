"""What the package offers stays what it is, whichever of its modules are loaded."""

import subprocess
import sys

CODE = """
from importlib import import_module
from analyzer import history
for name, home in history._HOMES.items():
    import_module(f"analyzer.history.{home}")
    assert [callable(getattr(history, name)) for _ in range(2)] == [True, True], name
"""


def test_a_function_is_not_hidden_by_the_module_of_its_name() -> None:
    subprocess.run([sys.executable, "-c", CODE], check=True)
