"""dlt_orders.py PORT OUT: dlt's REST source, orders into one table of SQLite, no nested tables."""
import os
import sqlite3
import sys

port, out = sys.argv[1:3]
os.environ["RUNTIME__DLTHUB_TELEMETRY"] = "false"
os.environ["RUNTIME__LOG_LEVEL"] = "ERROR"
import dlt
from dlt.sources.rest_api import rest_api_source

orders = {
    "name": "orders",
    "primary_key": "id",
    "write_disposition": "merge",
    "endpoint": {"path": "orders.json", "params": {"limit": 250, "status": "any"}, "data_selector": "orders"},
}
client = {"base_url": f"http://127.0.0.1:{port}/admin/api/2025-07/", "paginator": "header_link"}
source = rest_api_source({"client": client, "resources": [orders]})
source.max_table_nesting = 0
store = os.path.join(out, "dlt.db")
pipeline = dlt.pipeline(
    pipeline_name="bench",
    destination=dlt.destinations.sqlalchemy(f"sqlite:///{store}"),
    dataset_name="shop",
    pipelines_dir=os.path.join(out, "pipelines"),
)
pipeline.run(source)
# dlt keeps a dataset in a file of its own beside the one that is named.
count = 0
for name in os.listdir(out):
    if not name.endswith(".db"):
        continue
    with sqlite3.connect(os.path.join(out, name)) as db:
        if db.execute("SELECT count(*) FROM sqlite_master WHERE name = 'orders'").fetchone()[0]:
            count = db.execute("SELECT count(*) FROM orders").fetchone()[0]
with open(os.path.join(out, "count"), "w") as file:
    file.write(str(count))
