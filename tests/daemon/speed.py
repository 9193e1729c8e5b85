# SPDX-License-Identifier: GPL-3.0-or-later
"""speed - a server to measure against, and the configuration that does."""
import http.server
import threading
import time


class SpeedServer:
    """Gives and takes bytes at about 40 Mbit/s."""

    def __enter__(self):
        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                self.send_response(200)
                self.send_header("Content-Length", str(50_000_000))
                self.end_headers()
                for _ in range(500):
                    self.wfile.write(b"x" * 100_000)
                    time.sleep(0.02)

            def do_POST(self):
                left = int(self.headers["Content-Length"])
                while left > 0:
                    left -= len(self.rfile.read(min(left, 100_000)))
                    time.sleep(0.02)
                self.send_response(200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

            def handle(self):
                try:
                    super().handle()
                except OSError:
                    pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.server.handle_error = lambda *_: None
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return f"http://127.0.0.1:{self.server.server_address[1]}/file"

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()


HTTP = """
http "state" {
    circuit = "wan"
    %s
    direction = both
    duration = 1s
    warmup = 500ms
    streams = 1
    target "state-1" { address = "%s" }
}
"""
