"""What is folded, declared as data: the sessions and every companion by one machinery."""

from dataclasses import dataclass

from analyzer import session
from analyzer.inventory import INVENTORIES
from analyzer.session import Column

BOUNDS = ("seen_after", "first_seen", "last_seen", "gone_by")


@dataclass(frozen=True, slots=True)
class Table:
    """One folded table.

    *taken* is the condition on an attempt that makes its listing count here; *scoped* tables
    are folded per SVM, the others as a whole; *companion* names the inventory they come from.
    """

    name: str
    columns: tuple[Column, ...]
    taken: str
    scoped: bool = False
    companion: str | None = None

    @property
    def names(self) -> list[str]:
        return [column.name for column in self.columns]

    @property
    def listed(self) -> str:
        """The columns, for a select list."""
        return ", ".join(f'"{name}"' for name in self.names)


TABLES = (
    Table("spells", session.COLUMNS, "status = 'complete'", scoped=True),
    # What partial answers showed: presence only, so it is a history of its own.
    Table("sightings", session.COLUMNS, "status = 'partial'", scoped=True),
    *(
        Table(name, inventory.columns, f"{name}_status = 'complete'", companion=name)
        for name, inventory in INVENTORIES.items()
    ),
)
