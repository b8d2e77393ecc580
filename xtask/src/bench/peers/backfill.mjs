// backfill.mjs PORT rest|graphql STORE: the loop that somebody would write with the usual client, durable page by page.
import Database from 'better-sqlite3';
import Shopify from 'shopify-api-node';
import fs from 'node:fs';
import { fromGraphQl, fromRest } from './normalise.mjs';

const [, , port, api, store] = process.argv;
for (const suffix of ['', '-wal', '-shm']) fs.rmSync(store + suffix, { force: true });
const db = new Database(store);
db.pragma('journal_mode = WAL');
db.pragma('synchronous = FULL');
db.exec(`
  CREATE TABLE orders(source TEXT NOT NULL, external_id INTEGER NOT NULL, customer_id INTEGER, number TEXT, email TEXT, placed_at TEXT,
    updated_at TEXT, total INTEGER, doc TEXT NOT NULL, PRIMARY KEY(source, external_id)) WITHOUT ROWID;
  CREATE INDEX orders_email ON orders(email, placed_at);
  CREATE TABLE customers(source TEXT NOT NULL, external_id INTEGER NOT NULL, email TEXT, name TEXT, PRIMARY KEY(source, external_id)) WITHOUT ROWID;
  CREATE INDEX customers_email ON customers(email);
  CREATE TABLE cursor(source TEXT PRIMARY KEY, value TEXT);`);
const order = db.prepare(`INSERT INTO orders VALUES(?,?,?,?,?,?,?,?,?) ON CONFLICT(source,external_id) DO UPDATE SET customer_id=excluded.customer_id,
  number=excluded.number,email=excluded.email,placed_at=excluded.placed_at,updated_at=excluded.updated_at,total=excluded.total,doc=excluded.doc
  WHERE excluded.updated_at>=orders.updated_at`);
const customer = db.prepare('INSERT INTO customers VALUES(?,?,?,?) ON CONFLICT(source,external_id) DO UPDATE SET email=excluded.email,name=excluded.name');
const cursor = db.prepare('INSERT INTO cursor VALUES(?,?) ON CONFLICT(source) DO UPDATE SET value=excluded.value');
const save = db.transaction((list, at) => {
  for (const o of list) {
    if (o.customer) customer.run('shopify', o.customer.external_id, o.customer.email, o.customer.name);
    order.run('shopify', o.external_id, o.customer?.external_id ?? null, o.number, o.email, o.placed_at, o.updated_at, o.totals.total_minor, JSON.stringify(o));
  }
  cursor.run('shopify', at);
});

const shop = new Shopify({ shopName: 'bench', accessToken: 'x', apiVersion: api === 'rest' ? '2025-07' : '2026-10' });
shop.baseUrl = { hostname: '127.0.0.1', port, protocol: 'http:' };
if (api === 'rest') {
  let params = { limit: 250, status: 'any' };
  do {
    const page = await shop.order.list(params);
    save(page.map(fromRest), JSON.stringify(page.nextPageParameters ?? null));
    params = page.nextPageParameters;
  } while (params);
} else {
  const query = fs.readFileSync(new URL('./orders.graphql', import.meta.url), 'utf8');
  let after = null, more = true;
  while (more) {
    const { orders } = await shop.graphql(query, { first: 100, after, query: null, sortKey: 'CREATED_AT', reverse: true, lines: 10, children: 5 });
    save(orders.nodes.map(fromGraphQl), orders.pageInfo.endCursor ?? '');
    more = orders.pageInfo.hasNextPage;
    after = orders.pageInfo.endCursor;
  }
}
console.log(db.prepare('SELECT count(*) AS n FROM orders').get().n, 'orders');
