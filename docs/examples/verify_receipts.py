"""Verifies receipts without a server: python3 verify_receipts.py RECEIPTS.json [RUN.json]"""
import hashlib
import json
import sys
from decimal import Decimal


def canonical(value):
    """The text of a value by RFC 8785."""
    if isinstance(value, dict):
        names = sorted(value, key=lambda name: name.encode("utf-16-be"))
        return "{" + ",".join(canonical(name) + ":" + canonical(value[name]) for name in names) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(canonical, value)) + "]"
    if isinstance(value, float):
        return number(value)
    return json.dumps(value, ensure_ascii=False)


def number(value):
    """A double as ECMAScript writes it."""
    sign, digits, exponent = Decimal(repr(value)).normalize().as_tuple()
    digits = "".join(map(str, digits))
    point = len(digits) + exponent
    if value == 0:
        return "0"
    if len(digits) <= point <= 21:
        text = digits + "0" * (point - len(digits))
    elif 0 < point <= 21:
        text = digits[:point] + "." + digits[point:]
    elif -6 < point <= 0:
        text = "0." + "0" * -point + digits
    else:
        text = digits[0] + ("." + digits[1:] if digits[1:] else "") + f"e{point - 1:+d}"
    return "-" * sign + text


def digest(value):
    return "sha256:" + hashlib.sha256(canonical(value).encode()).hexdigest()


page = json.load(open(sys.argv[1]))
head = page["submission_hash"]
for receipt in page["receipts"]:
    claim = receipt.pop("hash")
    assert receipt["previous"] == head, f"receipt {receipt['sequence']} does not build on the one before it"
    assert digest(receipt) == claim, f"receipt {receipt['sequence']} does not say what its hash says"
    head = claim
assert page["next_after"] is not None or head == page["head"], "the last receipts are missing"
nodes = json.load(open(sys.argv[2]))["nodes"] if len(sys.argv) > 2 else {}
for receipt in page["receipts"]:
    node = nodes.get(receipt["node_id"])
    if node and node["status"] == "completed" and node["attempt"] == receipt["attempt"]:
        assert digest(node["input_data"]) == receipt["input_hash"], receipt["node_id"]
        assert digest(node["output_data"]) == receipt["output_hash"], receipt["node_id"]
print(f"{len(page['receipts'])} receipts verified")
