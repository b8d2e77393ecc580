// The small model that a hand-written loop keeps, from REST and from GraphQL. Money in cents.
// `tests/bench-shop/src/floor/model.rs` is the same mapping in Rust.
export function minor(text) {
  if (text === null || text === undefined || text === '') return 0;
  let negative = false;
  if (text[0] === '-') { negative = true; text = text.slice(1); }
  const point = text.indexOf('.');
  const whole = point < 0 ? text : text.slice(0, point);
  const rest = point < 0 ? '' : text.slice(point + 1);
  const value = Number(whole) * 100 + (rest.length > 0 ? (rest.charCodeAt(0) - 48) * 10 : 0) + (rest.length > 1 ? rest.charCodeAt(1) - 48 : 0);
  return negative ? -value : value;
}
const or = (text) => text ?? '';
const full = (first, last) => (or(first) && or(last) ? first + ' ' + last : or(first) + or(last));
const tags = (text) => or(text).split(',').map((tag) => tag.trim()).filter((tag) => tag.length > 0);
const address = (a) => (a ? {
  name: full(a.first_name, a.last_name), company: or(a.company), line1: or(a.address1), line2: or(a.address2), city: or(a.city),
  region: or(a.province_code), postcode: or(a.zip), country: or(a.country_code), phone: or(a.phone),
} : null);

export function fromRest(r) {
  const refunds = (r.refunds || []).map((refund) => ({
    external_id: refund.id, at: refund.created_at, note: or(refund.note),
    amount_minor: (refund.transactions || []).reduce((sum, t) => sum + minor(t.amount), 0),
  }));
  const c = r.customer;
  return {
    source: 'shopify', external_id: r.id, number: r.name, placed_at: r.created_at, updated_at: r.updated_at,
    cancelled_at: r.cancelled_at ?? null, currency: r.currency, payment: or(r.financial_status),
    fulfilment: or(r.fulfillment_status) || 'unfulfilled', email: or(r.email).toLowerCase(), phone: or(r.phone), note: or(r.note),
    tags: tags(r.tags),
    totals: {
      subtotal_minor: minor(r.subtotal_price), shipping_minor: (r.shipping_lines || []).reduce((sum, l) => sum + minor(l.price), 0),
      tax_minor: minor(r.total_tax), discount_minor: minor(r.total_discounts), total_minor: minor(r.total_price),
      refunded_minor: refunds.reduce((sum, x) => sum + x.amount_minor, 0),
    },
    customer: c ? { external_id: c.id, email: or(c.email).toLowerCase(), name: full(c.first_name, c.last_name), phone: or(c.phone) } : null,
    billing: address(r.billing_address), shipping: address(r.shipping_address),
    lines: (r.line_items || []).map((l) => {
      const discount = (l.discount_allocations || []).reduce((sum, a) => sum + minor(a.amount), 0) + minor(l.total_discount);
      const unit = minor(l.price);
      return {
        external_id: l.id, product_id: l.product_id ?? null, variant_id: l.variant_id ?? null, sku: or(l.sku), title: l.title,
        variant: or(l.variant_title), quantity: l.quantity, unit_minor: unit, discount_minor: discount,
        tax_minor: (l.tax_lines || []).reduce((sum, t) => sum + minor(t.price), 0), total_minor: unit * l.quantity - discount,
      };
    }),
    discount_codes: (r.discount_codes || []).map((x) => x.code),
    shipments: (r.fulfillments || []).map((f) => ({
      external_id: f.id, status: f.shipment_status ?? f.status, carrier: or(f.tracking_company),
      tracking_number: or(f.tracking_number), tracking_url: or(f.tracking_url), shipped_at: f.created_at,
    })),
    refunds,
  };
}

const bag = (set) => (set ? minor(set.shopMoney.amount) : 0);
const id = (gid) => Number(gid.slice(gid.lastIndexOf('/') + 1));
const addressOf = (a) => (a ? {
  name: or(a.name), company: or(a.company), line1: or(a.address1), line2: or(a.address2), city: or(a.city),
  region: or(a.provinceCode), postcode: or(a.zip), country: or(a.countryCodeV2), phone: or(a.phone),
} : null);

export function fromGraphQl(r) {
  const c = r.customer;
  return {
    source: 'shopify', external_id: Number(r.legacyResourceId), number: r.name, placed_at: r.createdAt, updated_at: r.updatedAt,
    cancelled_at: r.cancelledAt ?? null, currency: r.currencyCode, payment: or(r.displayFinancialStatus).toLowerCase(),
    fulfilment: or(r.displayFulfillmentStatus).toLowerCase(), email: or(r.email).toLowerCase(), phone: or(r.phone), note: or(r.note),
    tags: r.tags,
    totals: {
      subtotal_minor: bag(r.subtotalPriceSet), shipping_minor: bag(r.totalShippingPriceSet), tax_minor: bag(r.totalTaxSet),
      discount_minor: bag(r.totalDiscountsSet), total_minor: bag(r.originalTotalPriceSet), refunded_minor: bag(r.totalRefundedSet),
    },
    customer: c ? { external_id: Number(c.legacyResourceId), email: or(c.defaultEmailAddress?.emailAddress).toLowerCase(), name: or(c.displayName), phone: '' } : null,
    billing: addressOf(r.billingAddress), shipping: addressOf(r.shippingAddress),
    lines: r.lineItems.nodes.map((l) => {
      const discount = l.discountAllocations.reduce((sum, a) => sum + bag(a.allocatedAmountSet), 0);
      const unit = bag(l.originalUnitPriceSet);
      return {
        external_id: id(l.id), product_id: l.product ? id(l.product.id) : null, variant_id: l.variant ? id(l.variant.id) : null,
        sku: or(l.sku), title: l.title, variant: or(l.variantTitle), quantity: l.quantity, unit_minor: unit, discount_minor: discount,
        tax_minor: l.taxLines.reduce((sum, t) => sum + bag(t.priceSet), 0), total_minor: unit * l.quantity - discount,
      };
    }),
    discount_codes: [...new Set(r.lineItems.nodes.flatMap((l) => l.discountAllocations.map((a) => a.discountApplication?.code)).filter(Boolean))],
    shipments: r.fulfillments.map((f) => ({
      external_id: Number(f.legacyResourceId), status: or(f.displayStatus).toLowerCase(), carrier: or(f.trackingInfo[0]?.company),
      tracking_number: or(f.trackingInfo[0]?.number), tracking_url: or(f.trackingInfo[0]?.url), shipped_at: f.createdAt,
    })),
    refunds: [],
  };
}
