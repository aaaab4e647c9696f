"""The readable API documentation: one page, no script."""

CSS = """
:root { color-scheme: light dark; --line: #8884; --soft: #8882; --accent: #0b6bcb; }
@media (prefers-color-scheme: dark) { :root { --accent: #7cb8f7; } }
body { background: Canvas; color: CanvasText; }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 62rem; margin: 0 auto; padding: 1rem; }
a { color: var(--accent); }
h1 { font-size: 1.6rem; } h2 { margin-top: 2.5rem; border-bottom: 1px solid var(--line); }
details { border: 1px solid var(--line); border-radius: .5rem; margin: .5rem 0; }
summary { padding: .6rem .8rem; cursor: pointer; display: flex; gap: .8rem; flex-wrap: wrap; align-items: baseline; }
details > div { padding: 0 1rem 1rem; }
code, pre { font: 14px/1.45 ui-monospace, monospace; }
pre { background: var(--soft); padding: .8rem; border-radius: .4rem; overflow-x: auto; }
.method { font-weight: 700; min-width: 4rem; } .path { word-break: break-all; }
table { border-collapse: collapse; width: 100%; } th, td { text-align: left; padding: .25rem .6rem .25rem 0;
  border-bottom: 1px solid var(--line); vertical-align: top; }
"""

TEMPLATE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>{{ document.info.title }}</title>
<link rel="stylesheet" href="/api/{{ service }}/docs.css">
</head>
<body>
<main>
<h1>{{ document.info.title }}</h1>
<p>{{ document.info.summary }}. The same for programs: <a href="/api/{{ service }}/openapi.json">OpenAPI 3.1</a>.
Errors are problem details (RFC 9457); lists take <code>limit</code> and <code>cursor</code>.</p>
{% for path, operations in document.paths.items() %}{% for method, operation in operations.items() %}
<details>
<summary><span class="method">{{ method|upper }}</span> <code class="path">{{ path }}</code>
<span>{{ operation.summary }}</span></summary>
<div>
{% if operation.description %}<p>{{ operation.description }}</p>{% endif %}
<p>{% if operation.security %}Needs a credential{% if {} in operation.security %} only to act as somebody{% endif %}.
{% else %}Open to anybody.{% endif %}</p>
{% if operation.parameters %}
<table><thead><tr><th>Parameter</th><th>In</th><th>Type</th></tr></thead><tbody>
{% for parameter in operation.parameters %}<tr><td><code>{{ parameter.name }}</code>{% if parameter.required %}
(required){% endif %}</td><td>{{ parameter['in'] }}</td><td><code>{{ parameter.schema|tojson }}</code></td></tr>
{% endfor %}</tbody></table>{% endif %}
{% if operation.requestBody %}<p>Body: {% for kind, content in operation.requestBody.content.items() %}
<code>{{ kind }}</code> <a href="#{{ (content.schema['$ref']|default('')).split('/')|last }}">{{
(content.schema['$ref']|default('')).split('/')|last }}</a> {% endfor %}</p>{% endif %}
<ul>{% for status, response in operation.responses.items() if response.description %}
<li><code>{{ status }}</code> {{ response.description }}{% for kind, content in (response.content or {}).items() %}
{% if content.schema['$ref'] %}: <a href="#{{ content.schema['$ref'].split('/')|last }}">{{
content.schema['$ref'].split('/')|last }}</a>{% endif %}{% endfor %}</li>{% endfor %}</ul>
</div>
</details>
{% endfor %}{% endfor %}
<h2>Shapes</h2>
{% for name, schema in document.components.schemas.items() %}
<details id="{{ name }}"><summary><code>{{ name }}</code></summary>
<div><pre tabindex="0">{{ schema|tojson(indent=2) }}</pre></div></details>
{% endfor %}
</main>
</body>
</html>
"""
