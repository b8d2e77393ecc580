// acked.mjs STORE TAKEN: how many of the deliveries that were answered with 200 the store does not have.
import Database from 'better-sqlite3';
import fs from 'node:fs';

const [, , store, taken] = process.argv;
const known = new Database(store, { readonly: true }).prepare("SELECT dedupe_key FROM receipts WHERE kind = 'webhook'").pluck();
const keys = new Set(known.all());
const ids = fs.readFileSync(taken, 'utf8').split('\n').filter(Boolean);
const lost = ids.filter((id) => !keys.has(`orders/updated/${id}`));
console.log(JSON.stringify({ taken: ids.length, stored: keys.size, lost: lost.length, first: lost[0] ?? null }));
