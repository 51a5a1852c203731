"""How a lower app shows what only a higher app knows, without importing it."""

from collections.abc import Callable, Iterator
from typing import Any, Generic, TypeVar

T = TypeVar("T", bound=Callable[..., Any])


class Registry(Generic[T]):
    """Named functions of one shape. The owner calls them; other apps add theirs in ``AppConfig.ready``."""

    all: "list[Registry[Any]]" = []

    def __init__(self, purpose: str) -> None:
        self.purpose = purpose
        self._entries: dict[str, T] = {}
        Registry.all.append(self)

    def add(self, name: str, function: T) -> None:
        """Register ``function`` under ``name``.

        Raises:
            ValueError: the name is taken: two apps would silently hide one another.
        """
        if name in self._entries:
            raise ValueError(f"{self.purpose}: '{name}' is registered twice")
        self._entries[name] = function

    def __iter__(self) -> Iterator[tuple[str, T]]:
        return iter(sorted(self._entries.items()))

    def __contains__(self, name: str) -> bool:
        return name in self._entries

    def __getitem__(self, name: str) -> T:
        return self._entries[name]
