"""airbyte.py PORT OUT: Airbyte's Shopify source, orders by REST, its records counted and thrown away."""
import json
import os
import sys

port, out = sys.argv[1:3]
import requests

send = requests.Session.send


def to_loopback(self, request, **options):
    if ".myshopify.com" in request.url:
        request.url = f"http://127.0.0.1:{port}" + request.url.split(".myshopify.com", 1)[1]
    return send(self, request, **options)


requests.Session.send = to_loopback
config = {"shop": "bench", "start_date": "2026-09-01", "credentials": {"auth_method": "api_password", "api_password": "x"}}
stream = {
    "stream": {"name": "orders", "json_schema": {}, "supported_sync_modes": ["full_refresh", "incremental"]},
    "sync_mode": "full_refresh",
    "destination_sync_mode": "overwrite",
}
for name, content in [("config.json", config), ("catalog.json", {"streams": [stream]})]:
    with open(os.path.join(out, name), "w") as file:
        json.dump(content, file)


class Counting:
    """Counts records and keeps none."""

    def __init__(self):
        self.count = 0

    def write(self, text):
        self.count += text.count('"type":"RECORD"')
        return len(text)

    def flush(self):
        pass

    def isatty(self):
        return False

    def fileno(self):
        return 1


# The source buffers what it prints and writes it past whatever stands in for standard output.
sys.stdout = sys.__stdout__ = counting = Counting()
sys.argv = ["source", "read", "--config", os.path.join(out, "config.json"), "--catalog", os.path.join(out, "catalog.json")]
from source_shopify.run import run

try:
    run()
finally:
    with open(os.path.join(out, "count"), "w") as file:
        file.write(str(counting.count))
