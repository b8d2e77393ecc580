"""landed.py URL OUT: how many orders the target landed in PostgreSQL, asked after the measured time."""
import os
import sys

from sqlalchemy import create_engine, text

url, out = sys.argv[1:3]
with create_engine(url).connect() as database:
    count = database.execute(text("SELECT count(*) FROM tap.orders")).scalar()
with open(os.path.join(out, "count"), "w") as file:
    file.write(str(count))
