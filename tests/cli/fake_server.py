"""Answers /api/health like Prefect's server does; its only argument is the port. `broken` instead dies at once."""

import sys
from http.server import BaseHTTPRequestHandler, HTTPServer


class Health(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200 if self.path == "/api/health" else 404)
        self.end_headers()
        self.wfile.write(b"true")

    def log_message(self, *_):
        pass


if sys.argv[1] == "broken":
    sys.exit("no room for a server")
HTTPServer(("127.0.0.1", int(sys.argv[1])), Health).serve_forever()
