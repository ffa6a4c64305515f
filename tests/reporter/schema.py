"""As much of JSON Schema as reporter/api/openapi.json uses, and not a word more: an unknown keyword is an error, so that
nothing in the document is believed that is not checked."""

KNOWN = {"type", "enum", "properties", "required", "additionalProperties", "items", "oneOf", "minimum", "maximum",
         "description", "default", "$ref"}
TYPES = {"object": dict, "array": list, "string": str, "boolean": bool, "null": type(None)}


def is_a(value, name):
    if name == "integer":
        return isinstance(value, int) and not isinstance(value, bool)
    return isinstance(value, TYPES[name])


def errors(value, schema, document, at="$"):
    """What is wrong, a line each."""
    if unknown := set(schema) - KNOWN:
        return [f"{at}: the schema has {sorted(unknown)}, which this does not know"]
    if "$ref" in schema:
        found = document
        for part in schema["$ref"].removeprefix("#/").split("/"):
            found = found[part]
        return errors(value, found, document, at)
    if "oneOf" in schema:
        fitting = [one for one in schema["oneOf"] if not errors(value, one, document, at)]
        return [] if len(fitting) == 1 else [f"{at}: {len(fitting)} of oneOf fit {value!r}"]
    wrong = []
    names = schema.get("type", [])
    names = names if isinstance(names, list) else [names]
    if names and not any(is_a(value, name) for name in names):
        return [f"{at}: {value!r} is no {' or '.join(names)}"]
    if "enum" in schema and value not in schema["enum"]:
        wrong.append(f"{at}: {value!r} is none of {schema['enum']}")
    if isinstance(value, int) and not isinstance(value, bool):
        if value < schema.get("minimum", value) or value > schema.get("maximum", value):
            wrong.append(f"{at}: {value} is out of bounds")
    if isinstance(value, dict):
        wrong += [f"{at}: {key} is missing" for key in schema.get("required", []) if key not in value]
        for key, one in value.items():
            if key in schema.get("properties", {}):
                wrong += errors(one, schema["properties"][key], document, f"{at}.{key}")
            elif "properties" in schema:
                wrong.append(f"{at}: {key} is not in the document")
    if isinstance(value, list):
        for i, one in enumerate(value):
            wrong += errors(one, schema.get("items", {}), document, f"{at}[{i}]")
    return wrong
