"""How each operation is asked so that it succeeds: the rows it needs, its ids, its query, its body.

tests/contract/test_every_operation.py asks them all; an operation without a recipe fails there. Every module of this folder is read.
"""

from importlib import import_module
from pkgutil import iter_modules

from tests.contract.recipes.asked import RECIPES, Asked

for _module in iter_modules(__path__):
    import_module(f"{__name__}.{_module.name}")

__all__ = ["RECIPES", "Asked"]
