"""A backend with the node types `shout` and `echo`. Start it with: python3 backend.py [PORT]"""
import json
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


def shout(value):
    if not isinstance(value, dict) or not isinstance(value.get("text"), str):
        return {"success": False, "output": None, "error": "there is no text to shout"}
    return {"success": True, "output": {"text": value["text"].upper()}, "error": None}


TYPES = {"shout": shout, "echo": lambda value: {"success": True, "output": value, "error": None}}
SAMPLES = {  # What the conformance suite tries the backend with.
    "succeeds": {"type": "shout", "input": {"text": "hello"}, "output": {"text": "HELLO"}},
    "fails": {"type": "shout", "input": {}},
    "echoes": {"type": "echo"},
}


class Backend(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"  # Connections are used again.

    def do_GET(self):
        self.answer({
            "/": {"name": "shouting", "version": "1", "node_types": list(TYPES), "samples": SAMPLES},
            "/capabilities": {"streaming": False, "parallel": True, "async": False, "distributed": False},
            "/health": {"healthy": True},
        }.get(self.path))

    def do_POST(self):
        try:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            kind, value = body["node"]["type"], body.get("node_context", {}).get("input_data")
        except (ValueError, TypeError, KeyError, AttributeError):
            return self.answer({"detail": "expected a node"}, 400)
        execute = TYPES.get(kind)
        errors = [] if execute else [{"pointer": "/type", "detail": f"there is no type {kind}"}]
        if self.path == "/nodes/validate":
            return self.answer({"valid": not errors, "errors": errors})
        return self.answer({"detail": "unknown type"}, 422) if errors else self.answer(execute(value))

    def answer(self, value, status=200):
        data = json.dumps(value).encode()
        self.send_response(404 if value is None else status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)


ThreadingHTTPServer.request_queue_size = 128  # So many connections may come at once.
server = ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1]) if len(sys.argv) > 1 else 9000), Backend)
print(f"listening on http://127.0.0.1:{server.server_port}", flush=True)
server.serve_forever()
