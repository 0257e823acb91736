"""Random records and random query strings."""

from random import Random
from typing import Any
from urllib.parse import quote

from hypothesis import strategies as st

from analyzer.ontap.resource import Resource
from analyzer.rest.language.query import token

# Text that means something to a pattern, a quote, an escape or a collation, and letters whose
# lower case is longer, or depends on its neighbours. A few, so that what is asked is often there.
TEXTS = ["a", "A", "ab", "aB", "abab", "b", "%", "_", "a%", "a_b", "\\", "'", "null", "a..b", "a*b", "a|b", "!a", "<a", "", " ", " a", "a\nb", "\0", "é", "Ä", "ß", "İ", "ΑΣ", "😀", "true", "1", "10", "9", "a.b", "[a]", "^a$", "(a", 'a"b', "{a}"]  # fmt: skip
NUMBERS = [-1, 0, 1, 2, 9, 10, 2**31, 2**63 - 1, -(2**63)]
KINDS: dict[str, list[Any]] = {"string": TEXTS, "integer": NUMBERS, "boolean": [True, False]}


def put(record: dict[str, Any], name: str, value: Any) -> None:
    """Set a dotted name."""
    *above, last = name.split(".")
    for part in above:
        record = record.setdefault(part, {})
    record[last] = value


def random_records(resource: Resource, seed: int) -> list[dict[str, Any]]:
    """Records of a resource, any field of them unset, any array short, empty or absent."""
    random = Random(seed)
    keys = {tuple(random.choice(KINDS[resource.by_name[name].kind]) for name in resource.keys) for _ in range(random.randint(0, 9))}  # fmt: skip
    records = []
    for parts in sorted(keys):
        record: dict[str, Any] = {}
        for member in resource.fields:
            if not resource.in_array(member.name) and random.random() < 0.7:
                put(record, member.name, random.choice(KINDS[member.kind]))
        for name, value in zip(resource.keys, parts, strict=True):
            put(record, name, value)
        for array in resource.arrays - {name for name in resource.arrays if "." in name}:
            elements = []
            for _ in range(random.randint(0, 3)):
                element: dict[str, Any] = {}
                for member in resource.fields:
                    if member.name.startswith(f"{array}.") and random.random() < 0.8:
                        put(
                            element,
                            member.name.removeprefix(f"{array}."),
                            random.choice(KINDS[member.kind]),
                        )
                elements.append(random.choice(TEXTS) if array in resource.by_name else element)
            if elements or random.random() < 0.5:
                record[array] = elements
        records.append(record)
    return records


def chance(number: int) -> st.SearchStrategy[bool]:
    return st.integers(1, number).map(lambda drawn: drawn == number)


@st.composite
def conditions(draw: st.DrawFn, kind: str) -> str:
    """What may follow ``field=``, well formed or not."""

    def value() -> str:
        text = str(draw(st.sampled_from(KINDS[kind])))
        return draw(st.sampled_from([text, text, text, f'"{text}"', f"{{{text}}}"]))

    def part() -> str:
        sign = draw(st.sampled_from(["", "", "!", "<", ">", "<=", ">=", "!<"]))
        shapes = ["plain", "plain", "any", "range"] + ["stars", "inside"] * (kind == "string")
        match draw(st.sampled_from(shapes)):
            case "any":
                return draw(st.sampled_from(["null", "!null", "*", "!*"]))
            case "range":
                return f"{sign.strip('<>=')}{value()}..{value()}"
            case "stars":
                return sign.strip("<>=") + "*".join(value() for _ in range(draw(st.integers(2, 4))))
            case "inside":
                return f"{sign.strip('<>=')}*{value()}*"
        return sign + value()

    return "|".join(part() for _ in range(draw(st.integers(1, 3))))


@st.composite
def queries(draw: st.DrawFn, resource: Resource) -> str:
    """A query string, percent-encoded; most are what a client could ask."""
    every = st.sampled_from(list(resource.by_name))
    names = draw(st.lists(every, max_size=2, unique=True))
    clauses = [(name, draw(conditions(resource.by_name[name].kind))) for name in names]
    if draw(chance(2)):
        by = draw(st.lists(st.tuples(every, st.sampled_from(["asc", "desc", ""])), min_size=1, max_size=3))  # fmt: skip
        clauses.append(("order_by", ",".join(f"{name} {direction}" for name, direction in by)))
    if draw(chance(2)):
        clauses.append(("fields", draw(st.sampled_from(["*", "**"]) | st.lists(every, min_size=1, max_size=4).map(",".join))))  # fmt: skip
    if draw(chance(4)):
        clauses += [("query", draw(st.sampled_from(["a", "A*", "*b*", "a b", "*1*|*é*", "0", "tru*", "*a*b"]))), ("query_fields", draw(st.just("*") | every))]  # fmt: skip
    for name, least in (("max_records", 1), ("offset", 0), ("start.position", 0)):
        if draw(chance(4)):
            clauses.append((name, str(draw(st.integers(least, 4)))))
    if draw(chance(6)):
        clauses.append(("return_records", "false"))
    if draw(chance(5)):
        clauses += [(token(resource, name), str(draw(st.sampled_from(KINDS[resource.by_name[name].kind])))) for name in resource.keys]  # fmt: skip
    return "&".join(f"{name}={quote(value, safe='')}" for name, value in clauses)
