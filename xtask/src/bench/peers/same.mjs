// same.mjs OURS LOOP: whether our store holds the orders that the loop's holds. Compared are the values, not the bytes:
// ours is told in the loop's small model first. Prints {"orders", "differ", "first"}.
import Database from 'better-sqlite3';
import { minor } from './normalise.mjs';

const [, , ours, loop] = process.argv;
const open = (path) => new Database(path, { readonly: true });
const cents = (pair) => (pair ? minor((pair.shop ?? pair.presentment).amount) : 0);
const text = (value) => value ?? '';
const address = (a) => (a ? {
  name: text(a.full_name), company: text(a.company), line1: text(a.line1), line2: text(a.line2), city: text(a.city),
  region: text(a.region_code), postcode: text(a.postal_code), country: text(a.country), phone: text(a.phone?.raw),
} : null);

function told(body) {
  const o = JSON.parse(body);
  const t = o.totals;
  return {
    number: o.number, placed_at: o.placed_at.raw, updated_at: o.updated_at.raw, email: text(o.buyer.email?.normalised),
    customer: o.buyer.customer_source_id ? { id: Number(o.buyer.customer_source_id), name: text(o.buyer.display_name) } : null,
    note: text(o.notes?.[0]?.text), tags: o.tags ?? [],
    totals: [cents(t.items), cents(t.shipping), cents(t.tax), cents(t.discount), cents(t.placed), cents(t.refunded)],
    billing: address(o.billing_address), shipping: address(o.shipping_address),
    lines: (o.lines ?? []).map((l) => [Number(l.source_id), text(l.product_ref?.sku), l.title, text(l.variant_title), Number(l.quantity.ordered),
      cents(l.unit_price), cents(l.line_discount), cents(l.line_tax), cents(l.line_total)]),
    shipments: (o.shipments ?? []).map((s) => [Number(s.source_id), text(s.tracking?.[0]?.carrier ?? s.carrier), text(s.tracking?.[0]?.number), text(s.tracking?.[0]?.url)]),
    codes: [...new Set((o.discounts ?? []).map((d) => d.code).filter(Boolean))],
  };
}

function kept(doc) {
  const o = JSON.parse(doc);
  const t = o.totals;
  return {
    number: o.number, placed_at: o.placed_at, updated_at: o.updated_at, email: o.email,
    customer: o.customer ? { id: o.customer.external_id, name: o.customer.name } : null, note: o.note, tags: o.tags,
    totals: [t.subtotal_minor, t.shipping_minor, t.tax_minor, t.discount_minor, t.total_minor, t.refunded_minor],
    billing: o.billing, shipping: o.shipping,
    lines: o.lines.map((l) => [l.external_id, l.sku, l.title, l.variant, l.quantity, l.unit_minor, l.discount_minor, l.tax_minor, l.total_minor]),
    shipments: o.shipments.map((s) => [s.external_id, s.carrier, s.tracking_number, s.tracking_url]), codes: o.discount_codes,
  };
}

// Read once: their key begins with the tenant, so that asking for each would search all of them.
const mine = new Map(open(ours).prepare("SELECT source_id, body FROM records WHERE kind = 'order'").raw().iterate());
let orders = 0, differ = 0, first = null;
for (const row of open(loop).prepare('SELECT external_id, doc FROM orders ORDER BY external_id').iterate()) {
  orders++;
  const body = mine.get(String(row.external_id));
  const [a, b] = [body ? JSON.stringify(told(body)) : 'not there', JSON.stringify(kept(row.doc))];
  if (a !== b) { differ++; first ??= { order: row.external_id, ours: a, loop: b }; }
}
console.log(JSON.stringify({ orders, ours: mine.size, differ: differ + Math.abs(mine.size - orders), first }));
