"""The files of one role across all domains: a domain is part of the system because its folder is there."""

from __future__ import annotations

import importlib
import pkgutil
from types import ModuleType

from backend import domains


def modules(role: str) -> list[ModuleType]:
    """The modules named `role` of every domain, in alphabetical order of the domains; of a package those inside it as well."""
    found = []
    for domain in pkgutil.iter_modules(domains.__path__):
        inside = importlib.import_module(f"{domains.__name__}.{domain.name}")
        if any(module.name == role for module in pkgutil.iter_modules(inside.__path__)):
            found.append(importlib.import_module(f"{inside.__name__}.{role}"))
            within = pkgutil.iter_modules(getattr(found[-1], "__path__", ()))
            found += [importlib.import_module(f"{found[-1].__name__}.{module.name}") for module in sorted(within)]
    return found
