"""The vendor's own client, as tests use it on either server."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import netapp_ontap.config
import pytest
from netapp_ontap import HostConnection

# Filters with every operator, and how many of the base world's sessions they find while lnx2 is
# without L3.
FILTERS: list[tuple[dict[str, str], int]] = [
    ({"tpgroup": "sql_n1_a"}, 13),
    ({"initiator.name": "*redhat*"}, 15),
    ({"initiator.name": "IQN.1994-05.COM.REDHAT:LNX1"}, 4),
    ({"initiator.name": "!*redhat*"}, 60),
    ({"target_portal_group_tag": "1030..1031"}, 26),
    ({"target_portal_group_tag": "<1032"}, 26),
    ({"target_portal_group_tag": "1030|>=1046"}, 19),
    ({"initiator.comment": "null"}, 71),
    ({"initiator.comment": "!null"}, 4),
    ({"connections.authentication_type": "chap", "svm.name": "svm_sql"}, 23),
    ({"query_fields": "initiator,igroups", "query": "ig_ora *lnx3|*lnx4"}, 8),
]


@contextmanager
def strict(connection: HostConnection) -> Iterator[HostConnection]:
    """The connection in use, with every check that the client can make."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(netapp_ontap.config, "STRICT_FIELD_ACCEPTANCE", True)
        patch.setattr(netapp_ontap.config, "STRICT_SCHEMA_TYPE_CHECK", True)
        with connection:
            yield connection
            connection.session.close()


def bare(record: Any) -> Any:
    """A record without its links."""
    if isinstance(record, dict):
        return {name: bare(value) for name, value in record.items() if name != "_links"}
    return [bare(item) for item in record] if isinstance(record, list) else record


def by_key(records: list[Any]) -> list[Any]:
    return sorted(
        (bare(record) for record in records),
        key=lambda record: (record["svm"]["uuid"], record["target_portal_group"], record["tsih"]),
    )


def listed(resource: Any, **query: Any) -> list[Any]:
    return [record.to_dict() for record in resource.get_collection(**query)]
