"""The files of one role across all domains: a domain is part of the system because its folder is there."""

from __future__ import annotations

import importlib
import pkgutil
from types import ModuleType

from backend import domains


def modules(role: str) -> list[ModuleType]:
    """The modules (or packages) named `role` of every domain, in alphabetical order of the domains."""
    found = []
    for domain in pkgutil.iter_modules(domains.__path__):
        inside = importlib.import_module(f"{domains.__name__}.{domain.name}")
        if any(module.name == role for module in pkgutil.iter_modules(inside.__path__)):
            found.append(importlib.import_module(f"{inside.__name__}.{role}"))
    return found
