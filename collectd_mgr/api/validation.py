# SPDX-License-Identifier: Apache-2.0
"""What clients send, held against the schemas that the OpenAPI document shows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import jsonschema

from collectd_mgr import exception
from collectd_mgr.domain import strict

Schema = Mapping[str, Any]


def parsed(body: bytes, content_type: str) -> Any:
    """The JSON of a request; nothing at all is an empty object.

    :raises UnsupportedMediaType: for anything but JSON
    :raises BadRequest: for what is no JSON, names a thing twice (all but one of them would be lost without a word), or
        holds strings that no database and no daemon could take
    """
    if not body:
        return {}
    if content_type not in ("application/json", ""):
        raise exception.UnsupportedMediaType(f"The body is {content_type}; it must be application/json.")
    try:
        value = strict.loads(body)
        _check_strings(value)
    except (ValueError, RecursionError) as error:
        raise exception.BadRequest(f"The body is not valid JSON: {error}") from None
    return value


#: A number with a fraction is no integer here, though it be 7.0: what counts is not to meet a float later on.
_Validator: type[jsonschema.Draft202012Validator] = jsonschema.validators.extend(  # type: ignore[no-untyped-call]
    jsonschema.Draft202012Validator,
    type_checker=jsonschema.Draft202012Validator.TYPE_CHECKER.redefine("integer", lambda _, value: type(value) is int),
)


def compiled(schema: Schema) -> jsonschema.Draft202012Validator:
    """A schema, ready to be used many times."""
    return _Validator(schema, format_checker=jsonschema.FormatChecker())


def check(value: Any, validator: jsonschema.Draft202012Validator, where: str) -> Any:
    """``value`` if it is as the schema says. :raises BadRequest: with ``field`` and the reason"""
    error = jsonschema.exceptions.best_match(validator.iter_errors(value))
    if error is not None:
        field = ".".join([where, *(str(part) for part in error.absolute_path)])
        raise exception.BadRequest(f"{field}: {_said(error)}", field=field)
    return value


def query(given: Mapping[str, Any], validator: jsonschema.Draft202012Validator) -> dict[str, Any]:
    """The parameters of an address, each turned into the type that its schema names.

    :raises BadRequest: for an unknown one, or one that does not fit
    """
    schema: Any = validator.schema
    typed = {name: _typed(value, schema["properties"].get(name, {})) for name, value in given.items()}
    try:
        _check_strings(typed)
    except ValueError as error:
        raise exception.BadRequest(f"The query is not valid: {error}") from None
    return dict(check(typed, validator, "query"))


def _typed(value: Any, schema: Schema) -> Any:
    kind = schema.get("type")
    if kind == "array":
        return value if isinstance(value, list) else [value]
    if kind == "integer" and isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 18:
        return int(value)
    if kind == "boolean" and value in ("true", "false"):
        return value == "true"
    return value


def _said(error: jsonschema.ValidationError) -> str:
    """The reason without the value, which may be a secret."""
    wanted: Any = error.validator_value
    schema: Any = error.schema
    if error.validator == "required":
        return f"must have {', '.join(name for name in wanted if name not in _keys(error))}"
    if error.validator == "additionalProperties":
        return f"unknown: {', '.join(sorted(_keys(error) - set(schema.get('properties', ()))))}"
    if error.validator in ("anyOf", "oneOf", "not", "propertyNames"):
        return "does not have one of the forms it can have"
    return _MUST.get(str(error.validator), "must have {validator} {wanted}").format(
        validator=error.validator, wanted=_words(wanted)
    )


#: What is said of a value that is not as a keyword of its schema wants it.
_MUST = {
    "type": "must be {wanted}",
    "enum": "must be {wanted}",
    "minimum": "must be at least {wanted}",
    "maximum": "must be at most {wanted}",
    "minLength": "must have at least {wanted} characters",
    "maxLength": "must have at most {wanted} characters",
    "minItems": "must have at least {wanted} items",
    "minProperties": "must have at least {wanted} members",
    "maxProperties": "must have at most {wanted} members",
    "pattern": "must match {wanted}",
}


def _words(wanted: Any) -> str:
    if isinstance(wanted, list):
        return " or ".join("null" if each is None else str(each) for each in wanted)
    return str(wanted)


def _keys(error: jsonschema.ValidationError) -> set[str]:
    instance: Any = error.instance
    return set(instance)


def _check_strings(value: Any) -> None:
    for text in _strings(value):
        if "\0" in text:
            raise ValueError("a string holds a NUL")
        text.encode()


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, item in value.items():
            yield key
            yield from _strings(item)
    elif isinstance(value, list):
        for item in value:
            yield from _strings(item)
