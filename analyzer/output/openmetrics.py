"""OpenMetrics 1.0, or Prometheus' classic text format: families of numbers for monitors.

What the numbers are is said by SQL (``metric_families``, ``metric_samples``); here they are
printed.
"""

import re
from collections.abc import Generator, Iterable, Iterator, Mapping
from contextlib import ExitStack
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple, TextIO

from analyzer.text import escape_lines

CONTENT_TYPE = "application/openmetrics-text; version=1.0.0; charset=utf-8"
END = "# EOF\n"
_PIECE = 1 << 16  # characters
_EPOCH = datetime(1970, 1, 1)
_ESCAPED = str.maketrans({"\\": r"\\", '"': r"\"", "\n": r"\n"})
_AGES = b"_age_seconds"
_AGE = re.compile(rb"(?m)^([a-z_]+_age_seconds(?:\{.*\})? )(\d+)$")


class Family(NamedTuple):
    """A metric family; *silent* falls silent where a snapshot is too old to stand for now."""

    family: str
    kind: str
    unit: str
    help: str
    silent: bool = False

    @property
    def metric(self) -> str:
        """The name of its samples."""
        return f"{self.family}_total" if self.kind == "counter" else self.family

    def head(self, *, classic: bool = False) -> str:
        """Its metadata; the *classic* format knows no units, and a counter by its whole name."""
        name = self.metric if classic else self.family
        unit = f"# UNIT {name} {self.unit}\n" if self.unit and not classic else ""
        return f"# TYPE {name} {self.kind}\n{unit}# HELP {name} {self.help}\n"


class Sample(NamedTuple):
    """One number; a label that is None is left out. *instant* is naive UTC."""

    family: str
    cluster: str | None
    node: str | None
    svm: str | None
    severity: str | None
    state: str | None
    instant: datetime
    value: float

    @property
    def order(self) -> tuple[str | datetime, ...]:
        """Samples of a family stand together, those of a metric by time."""
        return (*(text or "" for text in self[:6]), self.instant)


_LABELS = Sample._fields[1:6]


def line(family: Family, sample: Sample, labels: str, *, timestamp: bool = False) -> str:
    """One sample, with its *labels* as text."""
    value = int(sample.value) if sample.value.is_integer() else repr(sample.value)
    if timestamp:
        seconds = int((sample.instant - _EPOCH).total_seconds())
        return f"{family.metric}{labels} {value} {seconds}\n"
    return f"{family.metric}{labels} {value}\n"


def labels(sample: Sample) -> str:
    """The labels of a sample; their values are escaped, since arrays name nodes and SVMs."""
    pairs = [
        f'{name}="{escape_lines(value).translate(_ESCAPED)}"'
        for name, value in zip(_LABELS, sample[1:6], strict=True)
        if value
    ]
    return f"{{{','.join(pairs)}}}" if pairs else ""


def exposition(
    families: Mapping[str, Family], samples: Iterable[Sample], *, classic: bool = False
) -> Iterator[str]:
    """The text of one instant, in pieces; *samples* come in their ``order``."""
    family, key, text = None, None, ""
    for sample in samples:
        if family is None or family.family != sample.family:
            family = families[sample.family]
            yield family.head(classic=classic)
        if key != sample[:6]:
            key, text = sample[:6], labels(sample)
        yield line(family, sample, text)
    if not classic:
        yield END


def merged(
    families: Mapping[str, Family], parts: Iterable[Iterable[Sample]]
) -> Generator[str, None, None]:
    """The text of many instants, in pieces; *parts* are samples in their ``order``, by cluster.

    A family must stand together, whose samples come one cluster after the other. The first goes
    out as it comes, so that a reader who leaves ends it all; each other one waits in a file of its
    own, so that memory holds none.
    """
    first, leading = min(families), False
    with TemporaryDirectory(prefix="analyzer-export-") as folder, ExitStack() as stack:
        files: dict[str, TextIO] = {}
        for samples in parts:
            key, text = None, ""
            for sample in samples:
                if key != sample[:6]:
                    key, text = sample[:6], labels(sample)
                written = line(families[sample.family], sample, text, timestamp=True)
                if sample.family == first:
                    yield written if leading else families[first].head() + written
                    leading = True
                    continue
                if sample.family not in files:
                    path = Path(folder) / str(len(files))
                    files[sample.family] = stack.enter_context(path.open("w+", encoding="utf-8"))
                files[sample.family].write(written)
        for name in sorted(files):
            yield families[name].head()
            files[name].seek(0)
            while piece := files[name].read(_PIECE):
                yield piece
    yield END


def aged(text: bytes, seconds: float) -> bytes:
    """The text so many *seconds* later: ages have grown."""
    # A family stands together, so that a large text need not be searched line by line.
    first, last = text.find(_AGES), text.rfind(_AGES)
    if first < 0:
        return text
    begin, end = text.rfind(b"\n", 0, first) + 1, text.find(b"\n", last)
    later = _AGE.sub(lambda age: age[1] + b"%d" % (int(age[2]) + int(seconds)), text[begin:end])
    return text[:begin] + later + text[end:]
