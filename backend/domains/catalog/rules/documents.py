"""The catalogue as it is shown: language-neutral, the same bytes for everybody."""

from __future__ import annotations

from typing import Any

from backend.domains.catalog.rules.categories import TRADES, Catalogue, Category, Condition, EditionFacts


def category_doc(catalogue: Catalogue, category: Category) -> dict[str, Any]:
    """A category with its conditions by number. `limit` null: neither the condition nor its class has one (`limit_source` null)."""
    return {
        "kind": category.kind,
        "code": category.code,
        "key": category.key,
        "edition": category.edition,
        "version": category.version,
        "valid_from": category.valid_from,
        "retired_from": catalogue.retired_from(category),
        "successor": category.successor,
        "class": {"code": category.class_code, "zh": category.class_zh, "en": category.class_en},
        "name": {"zh": category.name_zh, "en": category.name_en},
        "trade": category.trade,
        "conditions": [_condition_doc(condition) for _, condition in sorted(category.conditions.items())],
    }


def _condition_doc(condition: Condition) -> dict[str, Any]:
    limited = condition.limit_value is not None
    return {
        "number": condition.number,
        "text": condition.text,
        "any_state": condition.any_state,
        "limit": {"value": condition.limit_value, "unit": condition.limit_unit} if limited else None,
        "limit_source": condition.limit_source,
        "closing": condition.closing,
        "source": condition.source,
    }


def edition_doc(edition: EditionFacts) -> dict[str, Any]:
    """An edition in short."""
    return {"number": edition.number, "name": edition.name, "valid_from": edition.valid_from, "source": edition.source}


def catalog_doc(catalogue: Catalogue, edition: EditionFacts) -> dict[str, Any]:
    """A whole edition: what there is of it, the trades, every category in file order."""
    return {
        "edition": edition_doc(edition),
        "editions": [edition_doc(other) for other in catalogue.editions],
        "trades": [{"code": code, "zh": zh, "en": en} for code, (zh, en) in TRADES.items()],
        "categories": [category_doc(catalogue, category) for category in catalogue.categories(edition.number)],
    }
