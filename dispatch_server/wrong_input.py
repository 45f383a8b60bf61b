"""What pydantic finds wrong with a body or a message, as one refusal that can be said in any language."""

from __future__ import annotations

from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from dispatch_server.errors import BadInput

_Model = TypeVar("_Model", bound=BaseModel)

# pydantic's error type -> (our problem, the key of its context that holds the limit)
_PROBLEMS: dict[str, tuple[str, str | None]] = {
    "missing": ("missing", None),
    "extra_forbidden": ("unknown_field", None),
    "string_too_long": ("too_long", "max_length"),
    "string_too_short": ("too_short", "min_length"),
    "string_pattern_mismatch": ("pattern", None),
    "string_type": ("not_text", None),
    "string_unicode": ("not_text", None),
    "too_long": ("too_many", "max_length"),
    "less_than_equal": ("too_large", "le"),
    "greater_than_equal": ("too_small", "ge"),
    "finite_number": ("not_number", None),
    "bool_type": ("not_boolean", None),
    "bool_parsing": ("not_boolean", None),
    "model_type": ("not_object", None),
    "model_attributes_type": ("not_object", None),
    "dict_type": ("not_object", None),
    "list_type": ("not_list", None),
    "enum": ("choice", "expected"),
    "literal_error": ("choice", "expected"),
}


def parsed(model: type[_Model], data: object) -> _Model:
    """The data as its model. Raises: BadInput that names the first wrong field."""
    try:
        return model.model_validate(data)
    except ValidationError as error:
        raise refusal_of(error) from None


def parsed_json(model: type[_Model], raw: bytes) -> _Model:
    """The JSON text as its model. Raises: BadInput that names the first wrong field."""
    try:
        return model.model_validate_json(raw)
    except ValidationError as error:
        raise refusal_of(error) from None


def refusal_of(error: ValidationError) -> BadInput:
    first = error.errors(include_url=False, include_input=False)[0]
    kind, context = str(first["type"]), first.get("ctx", {})
    if kind == "json_invalid":
        return BadInput("bad_json")
    problem, key = _PROBLEMS.get(kind, (_by_family(kind), None))
    facts: dict[str, Any] = {} if key is None else {_fact(key): context.get(key)}
    return BadInput(field=_name(first["loc"]), problem=problem, **facts)


def _fact(key: str) -> str:
    return "expected" if key == "expected" else "limit"


def _name(location: tuple[int | str, ...]) -> str:
    """The path of the field; keys of the caller's own making are cut, for they may be of any length."""
    return ".".join(str(part)[:64] for part in location) or "body"


def _by_family(kind: str) -> str:
    if kind.startswith(("int_", "float_")):
        return "not_number"
    if kind.startswith(("datetime_", "timezone_")):
        return "not_instant"
    return "malformed"
