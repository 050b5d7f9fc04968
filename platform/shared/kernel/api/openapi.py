"""The parts of the OpenAPI document that are the same for every operation."""

from typing import Any

from ninja.openapi.schema import OpenAPISchema

PROBLEM: dict[str, Any] = {
    "title": "Problem",
    "description": "RFC 9457 problem details.",
    "type": "object",
    "properties": {
        "type": {"type": "string", "examples": ["urn:invoicepatch:problem:invalid"]},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string", "description": "What happened, and what to do."},
        "code": {"type": "string", "examples": ["invalid"]},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {
                    "field": {"type": "string", "examples": ["billing_period.start_date"]},
                    "code": {"type": "string"},
                    "message": {"type": "string"},
                },
                "required": ["field", "code", "message"],
            },
        },
        "request_id": {"type": ["string", "null"]},
    },
    "required": ["type", "title", "status", "detail", "code", "errors", "request_id"],
}
PROBLEM_RESPONSES = {
    "400": "The request cannot be read.",
    "401": "No valid credentials.",
    "403": "Not allowed.",
    "404": "Not found, or not to be known.",
    "409": "The present state does not allow it, or the same Idempotency-Key is still running.",
    "412": "If-Match names a version that is gone.",
    "413": "The body is too large.",
    "415": "The body is not sent as application/json.",
    "422": "Some fields need attention, or the Idempotency-Key came with another body before.",
    "429": "Too many requests: wait for Retry-After seconds.",
    "500": "Something broke on our side; nothing was changed.",
    "503": "A part of the service does not answer just now: try again after Retry-After seconds.",
}
ALWAYS = ("400", "404", "422", "429", "500", "503")
SIGNED_IN = ("401", "403")
WITH_BODY = ("409", "413", "415")
CONDITIONAL_METHODS = ("put", "patch", "delete")

IDEMPOTENCY_KEY = {
    "in": "header",
    "name": "Idempotency-Key",
    "required": False,
    "schema": {"type": "string", "minLength": 1, "maxLength": 200, "pattern": "^[!-~]+$"},
    "description": "The same key and body get the first answer again for 24 hours.",
}
IF_MATCH = {
    "in": "header",
    "name": "If-Match",
    "required": False,
    "schema": {"type": "string"},
    "description": "The ETag it was read with; 412 when somebody changed it since.",
}
IF_NONE_MATCH = {**IF_MATCH, "name": "If-None-Match", "description": "304 where it still holds."}


def complete_schema(schema: OpenAPISchema) -> OpenAPISchema:
    """Add problems, headers and the security scheme's name to a generated document."""
    components = schema["components"]
    components["schemas"]["Problem"] = PROBLEM
    components["responses"] = {
        f"Problem{status}": {
            "description": description,
            "content": {"application/problem+json": {"schema": _ref("schemas", "Problem")}},
        }
        for status, description in PROBLEM_RESPONSES.items()
    }
    for path in schema["paths"].values():
        for method, operation in path.items():
            _complete_operation(method, operation)
    return schema


def _complete_operation(method: str, operation: dict[str, Any]) -> None:
    statuses = [*ALWAYS]
    if operation.get("security"):
        statuses += SIGNED_IN
    if method != "get":
        statuses += WITH_BODY
    if method in CONDITIONAL_METHODS:
        statuses.append("412")
    own = {str(status): answer for status, answer in operation["responses"].items()}
    problems = {status: _ref("responses", f"Problem{status}") for status in statuses}
    operation["responses"] = {**problems, **own}
    names = {one["name"] for one in operation["parameters"]}
    headers = {"post": (IDEMPOTENCY_KEY,), "get": ()}.get(method, (IF_MATCH,))
    operation["parameters"] = [
        *operation["parameters"],
        *(header for header in headers if header["name"] not in names),
    ]


def _ref(kind: str, name: str) -> dict[str, str]:
    return {"$ref": f"#/components/{kind}/{name}"}
