// enrich.mjs PORT STORE TENANT: a buyer's last five orders by e-mail, out of the host's own file: what an endpoint written by
// hand would give an agent. Nobody is identified, nothing is picked or explained.
import Database from 'better-sqlite3';
import fastify from 'fastify';

const [, , port, store, tenant] = process.argv;
const db = new Database(store, { readonly: true });
db.pragma('mmap_size = 268435456');
const last = db.prepare(`SELECT r.body FROM record_keys k JOIN records r ON r.tenant_id = k.tenant_id AND r.connection_id = k.connection_id
    AND r.kind = k.kind AND r.source_id = k.source_id
  WHERE k.tenant_id = ? AND k.key_kind = 'email' AND k.key_value = ? AND k.kind = 'order' AND r.deleted = 0
  ORDER BY r.placed_at DESC LIMIT 5`).pluck();
const app = fastify({ logger: false });
app.get('/enrich', (request, reply) => reply.type('application/json').send(`{"orders":[${last.all(tenant, request.query.email).join(',')}]}`));
await app.listen({ port: Number(port), host: '127.0.0.1' });
console.log('ready');
