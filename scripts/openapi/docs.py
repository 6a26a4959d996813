#!/usr/bin/env python3
"""Renders openapi.yaml as the page that the server shows under /docs.

usage: docs.py [--check]     --check fails when the committed page is not what would be rendered
"""
import html
import pathlib
import sys

import yaml

ROOT = pathlib.Path(__file__).resolve().parents[2]
PAGE = ROOT / "Sources/CAssets/docs.html"
STYLE = """
:root{color-scheme:light dark;--edge:#8884;--soft:#8881}
body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}
h1,h2{line-height:1.2}h2{margin-top:3rem}section{border:1px solid var(--edge);border-radius:8px;margin:1rem 0;padding:.75rem 1rem}
h3{margin:0;font-size:1rem}code,pre{font:13px/1.4 ui-monospace,monospace}pre{background:var(--soft);padding:.75rem;overflow:auto;border-radius:6px}
.m{display:inline-block;min-width:4.2rem;font-weight:700}table{border-collapse:collapse;width:100%}
td,th{text-align:left;vertical-align:top;padding:.2rem .6rem .2rem 0;border-top:1px solid var(--edge)}details{margin-top:.5rem}
"""


def text(value):
    return html.escape(str(value)).strip().replace("\n\n", "</p><p>")


def code(value):
    return "<pre>" + html.escape(yaml.safe_dump(value, sort_keys=False, allow_unicode=True, width=100)) + "</pre>"


def resolve(description, value):
    while isinstance(value, dict) and "$ref" in value:
        target = description
        for part in value["$ref"].removeprefix("#/").split("/"):
            target = target[part]
        value = target
    return value


def operation(description, path, method, item, shared):
    out = [f'<section id="{item["operationId"]}"><h3><span class="m">{method.upper()}</span><code>{text(path)}</code></h3>']
    out.append(f"<p><b>{text(item['summary'])}.</b> {text(item.get('description', ''))}</p>")
    parameters = [resolve(description, p) for p in shared + item.get("parameters", [])]
    if parameters:
        out.append("<table><tr><th>parameter</th><th>in</th><th>what</th></tr>")
        for p in parameters:
            about = p.get("description") or resolve(description, p["schema"]).get("description", "")
            out.append(f"<tr><td><code>{text(p['name'])}</code></td><td>{p['in']}</td><td>{text(about)}</td></tr>")
        out.append("</table>")
    body = item.get("requestBody")
    if body:
        content = next(iter(body["content"].values()))
        examples = {k: v["value"] for k, v in content.get("examples", {}).items()} or (
            {"example": content["example"]} if "example" in content else {}
        )
        for name, example in examples.items():
            out.append(f"<details><summary>body: {text(name)}</summary>{code(example)}</details>")
    out.append("<details><summary>answers</summary><table>")
    for status, answer in item["responses"].items():
        out.append(f"<tr><td>{status}</td><td>{text(resolve(description, answer)['description'])}</td></tr>")
    out.append("</table></details></section>")
    return "".join(out)


def render():
    description = yaml.safe_load((ROOT / "openapi.yaml").read_text())
    info = description["info"]
    out = [
        '<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">',
        f"<title>{text(info['title'])}</title><style>{STYLE}</style><h1>{text(info['title'])} {text(info['version'])}</h1>",
        f"<p>{text(info['description'])}</p><p>The same for machines: <a href=\"/openapi.yaml\">/openapi.yaml</a>.</p>",
    ]
    methods = ("get", "post", "put", "delete")
    for tag in description["tags"]:
        out.append(f"<h2>{text(tag['name'])}</h2><p>{text(tag['description'])}</p>")
        for path, item in description["paths"].items():
            for method in methods:
                if method in item and tag["name"] in item[method]["tags"]:
                    out.append(operation(description, path, method, item[method], item.get("parameters", [])))
    out.append("<h2>webhooks</h2><p>What the server tells others.</p>")
    for name, item in description["webhooks"].items():
        out.append(operation(description, name, "post", item["post"], []))
    out.append("<h2>schemas</h2>")
    for name, schema in description["components"]["schemas"].items():
        out.append(f"<details><summary><code>{text(name)}</code></summary>{code(schema)}</details>")
    return "\n".join(out) + "</html>\n"


page = render()
if "--check" in sys.argv:
    if PAGE.read_text() != page:
        sys.exit("Sources/CAssets/docs.html is not what openapi.yaml gives: run scripts/openapi/docs.py")
else:
    PAGE.write_text(page)
