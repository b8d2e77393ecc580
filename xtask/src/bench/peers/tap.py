"""tap.py PORT OUT [TARGET URL]: Singer's Shopify tap, orders by a bulk operation. Its records are counted and thrown away, or
piped into a target for the database at URL."""
import json
import os
import subprocess
import sys

port, out = sys.argv[1:3]
target = sys.argv[3:5]
import requests
import shopify

base = f"http://127.0.0.1:{port}"
shopify.Session.setup(protocol="http", myshopify_domain="127.0.0.1", port=int(port))
request = requests.Session.request


def to_loopback(self, method, url, *arguments, **options):
    if ".myshopify.com" in url:
        url = base + url.split(".myshopify.com", 1)[1]
    return request(self, method, url, *arguments, **options)


requests.Session.request = to_loopback
begin = shopify.Session.__init__


def at_loopback(self, shop_url, version=None, token=None, access_scopes=None):
    begin(self, "127.0.0.1", version, token, access_scopes)
    self.url = f"127.0.0.1:{port}"


shopify.Session.__init__ = at_loopback
import tap_shopify

config = {"start_date": "2026-09-01T00:00:00Z", "shop": "bench", "access_token": "shpat_x", "date_window_size": 3650}
with open(os.path.join(out, "config.json"), "w") as file:
    json.dump(config, file)


class Keeping:
    """Counts records of orders; keeps what is printed while it discovers."""

    def __init__(self):
        self.count, self.kept, self.keep = 0, [], True

    def write(self, text):
        self.count += text.count('"type": "RECORD", "stream": "orders"')
        if self.keep:
            self.kept.append(text)
        return len(text)

    def flush(self):
        pass


printed = Keeping()
sys.stdout = printed
sys.argv = ["tap", "-c", os.path.join(out, "config.json"), "--discover"]
tap_shopify.main()
catalog = json.loads("".join(printed.kept))
printed.keep = False
for stream in catalog["streams"]:
    for part in stream["metadata"]:
        if part["breadcrumb"] == []:
            part["metadata"]["selected"] = stream["tap_stream_id"] == "orders"
with open(os.path.join(out, "catalog.json"), "w") as file:
    json.dump(catalog, file)
sys.argv = ["tap", "-c", os.path.join(out, "config.json"), "--catalog", os.path.join(out, "catalog.json")]
if not target:
    try:
        tap_shopify.main()
    finally:
        with open(os.path.join(out, "count"), "w") as file:
            file.write(str(printed.count))
    sys.exit()

program, url = target
with open(os.path.join(out, "target.json"), "w") as file:
    json.dump({"sqlalchemy_url": url, "default_target_schema": "tap"}, file)
piped = subprocess.Popen([program, "--config", os.path.join(out, "target.json")], stdin=subprocess.PIPE)
# What the tap prints from here on goes through the kernel's pipe and nothing of ours.
os.dup2(piped.stdin.fileno(), 1)
piped.stdin.close()
sys.stdout = sys.__stdout__
try:
    tap_shopify.main()
except SystemExit as end:
    if end.code:
        raise
finally:
    sys.stdout.flush()
    os.close(1)
    ended = piped.wait()
os._exit(ended)
