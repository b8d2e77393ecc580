// kept.mjs ours|peer STORE SECRET OUT: the deliveries that a store holds, a line each: id, tab, HMAC-SHA256 of the body.
// Ours keeps the body; a peer keeps the digest that it verified.
import crypto from 'node:crypto';
import fs from 'node:fs';

const [, , side, store, secret, out] = process.argv;
const TOPIC = 'orders/updated/';
const RECEIPTS = "SELECT dedupe_key AS id, encoding, body FROM receipts WHERE kind = 'webhook'";
const DELIVERIES = 'SELECT id, digest FROM deliveries';
const PAGE = 1000;

function* sqlite(Database, query) {
  yield* new Database(store).prepare(query).iterate();
}

async function* postgres(pg, query) {
  const client = new pg.Client({ connectionString: store });
  await client.connect();
  // The wall between tenants opens to who asks for all of them.
  await client.query("SELECT set_config('ordercase.tenant', '*', false)");
  await client.query(`BEGIN; DECLARE kept CURSOR FOR ${query}`);
  for (;;) {
    const { rows } = await client.query(`FETCH ${PAGE} FROM kept`);
    if (rows.length === 0) break;
    yield* rows;
  }
  await client.end();
}

const signed = (row) => crypto.createHmac('sha256', secret)
  .update(Buffer.from(row.body, row.encoding === 'base64' ? 'base64' : 'utf8')).digest();
const told = side === 'ours'
  ? (row) => [row.id.startsWith(TOPIC) ? row.id.slice(TOPIC.length) : row.id, signed(row)]
  : (row) => [row.id, row.digest];
const query = side === 'ours' ? RECEIPTS : DELIVERIES;
const rows = store.startsWith('postgres://')
  ? postgres((await import('pg')).default, query)
  : sqlite((await import('better-sqlite3')).default, query);
const file = fs.openSync(out, 'w');
for await (const row of rows) {
  const [id, digest] = told(row);
  fs.writeSync(file, `${id}\t${digest.toString('base64')}\n`);
}
