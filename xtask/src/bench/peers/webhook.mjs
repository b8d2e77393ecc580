// webhook.mjs PORT sqlite|pg TARGET SECRET: verify, map, store the delivery and the order durably, then 200.
// With the delivery it keeps the digest that it verified, so that its store can be compared with what was sent.
import crypto from 'node:crypto';
import fastify from 'fastify';
import { fromRest } from './normalise.mjs';

const [, , port, store, target, secret] = process.argv;
function verified(body, signature) {
  const digest = crypto.createHmac('sha256', secret).update(body).digest();
  const given = Buffer.from(signature ?? '', 'base64');
  return given.length === digest.length && crypto.timingSafeEqual(digest, given) ? digest : null;
}
const columns = (o) => [o.external_id, o.number, o.email, o.placed_at, o.updated_at, o.totals.total_minor, JSON.stringify(o)];
const newer = `ON CONFLICT(source,external_id) DO UPDATE SET number=excluded.number,email=excluded.email,placed_at=excluded.placed_at,
  updated_at=excluded.updated_at,total=excluded.total,doc=excluded.doc WHERE excluded.updated_at>=orders.updated_at`;
let write;
if (store === 'sqlite') {
  const { default: Database } = await import('better-sqlite3');
  const db = new Database(target);
  db.pragma('journal_mode = WAL');
  db.pragma('synchronous = FULL');
  db.exec(`CREATE TABLE IF NOT EXISTS orders(source TEXT NOT NULL, external_id INTEGER NOT NULL, number TEXT, email TEXT, placed_at TEXT,
      updated_at TEXT, total INTEGER, doc TEXT NOT NULL, PRIMARY KEY(source, external_id)) WITHOUT ROWID;
    CREATE INDEX IF NOT EXISTS orders_email ON orders(email, placed_at);
    CREATE TABLE IF NOT EXISTS deliveries(id TEXT PRIMARY KEY, digest BLOB) WITHOUT ROWID;`);
  const order = db.prepare(`INSERT INTO orders VALUES('shopify',?,?,?,?,?,?,?) ${newer}`);
  const delivery = db.prepare('INSERT OR IGNORE INTO deliveries VALUES(?,?)');
  write = db.transaction((id, digest, o) => { delivery.run(id, digest); order.run(...columns(o)); });
} else {
  const { default: pg } = await import('pg');
  const pool = new pg.Pool({ connectionString: target, max: 16 });
  await pool.query(`CREATE TABLE IF NOT EXISTS orders(source text NOT NULL, external_id bigint NOT NULL, number text, email text, placed_at text,
      updated_at text, total bigint, doc jsonb NOT NULL, PRIMARY KEY(source, external_id))`);
  await pool.query('CREATE INDEX IF NOT EXISTS orders_email ON orders(email, placed_at)');
  await pool.query('CREATE TABLE IF NOT EXISTS deliveries(id text PRIMARY KEY, digest bytea)');
  const text = `WITH d AS (INSERT INTO deliveries VALUES($8, $9) ON CONFLICT DO NOTHING) INSERT INTO orders VALUES('shopify',$1,$2,$3,$4,$5,$6,$7) ${newer}`;
  write = (id, digest, o) => pool.query({ name: 'save', text, values: [...columns(o), id, digest] });
}
const app = fastify({ logger: false });
app.addContentTypeParser('application/json', { parseAs: 'buffer' }, (request, body, done) => done(null, body));
app.post('/*', async (request, reply) => {
  const digest = verified(request.body, request.headers['x-shopify-hmac-sha256']);
  if (!digest) return reply.code(401).send();
  await write(request.headers['x-shopify-event-id'], digest, fromRest(JSON.parse(request.body)));
  return reply.code(200).header('x-request-id', request.headers['x-request-id']).send();
});
await app.listen({ port: Number(port), host: '127.0.0.1' });
console.log('ready');
