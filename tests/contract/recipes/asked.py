"""What a request of a test is, and the book of recipes."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Asked:
    """One request. ``row`` is what it is about; its id goes into the path."""

    row: Any = None
    body: Any = None
    query: dict[str, str] = field(default_factory=dict)
    kind: str = "json"
    id: str = ""

    @property
    def ids(self) -> dict[str, str]:
        return {"id": str(self.row.pk)} if self.row is not None else {"code": self.id, "slug": self.id}


RECIPES: dict[str, Callable[[], Asked]] = {}


def recipe(*names: str) -> Callable[[Callable[[], Asked]], Callable[[], Asked]]:
    def remember(make: Callable[[], Asked]) -> Callable[[], Asked]:
        RECIPES.update(dict.fromkeys(names, make))
        return make

    return remember


# --- the catalogues: list, read, add, change, remove, all alike
def catalogue(resource: str, make: Callable[[], Any], body: Callable[[], dict[str, Any]], change: dict[str, Any]) -> None:
    def listed() -> Asked:
        make(), make()
        return Asked()

    RECIPES[f"{resource}_list"] = listed
    RECIPES[f"{resource}_retrieve"] = RECIPES[f"{resource}_destroy"] = lambda: Asked(make())
    RECIPES[f"{resource}_create"] = lambda: Asked(body=body())
    RECIPES[f"{resource}_partial_update"] = lambda: Asked(make(), change)
