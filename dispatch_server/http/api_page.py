"""A readable page of the API without scripts: it works in every browser and under the strictest policy."""

from __future__ import annotations

import json
from collections.abc import Mapping
from html import escape
from pathlib import Path
from string import Template
from typing import Any

_TEMPLATE = Path(__file__).with_name("api_page.html")


def page(description: Mapping[str, Any]) -> str:
    """The OpenAPI document as HTML: every operation in a table, every model below it."""
    return Template(_TEMPLATE.read_text(encoding="utf-8")).substitute(
        version=escape(description["info"]["version"]),
        description=escape(description["info"]["description"]),
        operations="".join(
            _operation(method, path, operation)
            for path, methods in description["paths"].items()
            for method, operation in methods.items()
        ),
        models="".join(_model(*item) for item in description["components"]["schemas"].items()),
    )


def _operation(method: str, path: str, operation: Mapping[str, Any]) -> str:
    replies = [_link(reply) for status, reply in operation["responses"].items() if status.startswith("2")]
    cells = (
        f"<code>{method.upper()}</code>",
        f"<code>{escape(path)}</code>",
        escape(operation["summary"]),
        _link(operation.get("requestBody", {})),
        "".join(replies),
    )
    return "<tr>" + "".join(f"<td>{cell}</td>" for cell in cells) + "</tr>"


def _link(content: Mapping[str, Any]) -> str:
    """The name of a body's model, as a link to it."""
    schema = content.get("content", {}).get("application/json", {}).get("schema", {})
    name = escape(str(schema.get("$ref", "")).rsplit("/", 1)[-1])
    return f"<a href='#{name}'><code>{name}</code></a>" if name else ""


def _model(name: str, schema: Mapping[str, Any]) -> str:
    fields = json.dumps(schema.get("properties", schema), ensure_ascii=False, indent=1)
    words = escape(schema.get("description", ""))
    return f"<h3 id='{escape(name)}'>{escape(name)}</h3><p>{words}</p><pre>{escape(fields)}</pre>"
