"""A backend with one node type, `shout`, which makes texts loud. Start it with: python3 backend.py [PORT]"""
import json
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Backend(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"  # Connections are used again.

    def do_GET(self):
        self.answer({
            "/": {"name": "shouting", "version": "1", "node_types": ["shout"]},
            "/capabilities": {"streaming": False, "parallel": True, "async": False, "distributed": False},
            "/health": {"healthy": True},
        }.get(self.path))

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if self.path == "/nodes/validate":
            known = body["node"]["type"] == "shout"
            errors = [] if known else [{"pointer": "/type", "detail": "the only type is shout"}]
            return self.answer({"valid": known, "errors": errors})
        text = body["node_context"]["input_data"].get("text")
        if not isinstance(text, str):
            return self.answer({"success": False, "output": None, "error": "there is no text to shout"})
        self.answer({"success": True, "output": {"text": text.upper()}, "error": None})

    def answer(self, value):
        data = json.dumps(value).encode()
        self.send_response(404 if value is None else 200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)


server = ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1]) if len(sys.argv) > 1 else 9000), Backend)
print(f"listening on http://127.0.0.1:{server.server_port}", flush=True)
server.serve_forever()
