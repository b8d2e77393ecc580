// The context of one ticket, for people. Text is only ever set as text, so nothing from a shop or a
// ticket can become markup. The token lives in this closure and nowhere else.

const main = document.querySelector("#context");
const form = document.querySelector("#which");
let token = "";

function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children.filter((child) => child !== null && child !== undefined));
  return made;
}

const words = (text) => String(text).replaceAll("_", " ");
const dates = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });
const numbers = new Intl.NumberFormat(undefined);

function time(instant) {
  const date = new Date(instant);
  if (Number.isNaN(date.getTime())) return document.createTextNode(String(instant));
  return element("time", { datetime: instant }, dates.format(date));
}

// Amounts stay decimal text: Intl formats strings exactly, floating point would not.
function money({ amount, currency }) {
  try {
    return new Intl.NumberFormat(undefined, { style: "currency", currency }).format(amount);
  } catch {
    return `${amount} ${currency ?? ""}`.trim();
  }
}

function age(seconds) {
  const steps = [["day", 86400], ["hour", 3600], ["minute", 60], ["second", 1]];
  const [unit, size] = steps.find(([, size]) => seconds >= size) ?? steps[3];
  return new Intl.RelativeTimeFormat(undefined, { numeric: "auto" }).format(-Math.floor(seconds / size), unit);
}

const ABSENT = {
  not_reported: "the shop does not tell", not_permitted: "the shop's token may not read it", not_fetched: "not read yet",
  redacted: "blanked by the shop", hidden: "hidden by your field policy",
};

function plain(value) {
  if (value === null || value === undefined) return "not known";
  if (typeof value === "number") return numbers.format(value);
  if (typeof value === "boolean") return value ? "yes" : "no";
  if (typeof value === "string") {
    return /^\d{4}-\d\d-\d\dT[\d:.]+Z$/.test(value) ? time(value) : value;
  }
  if ("amount" in value && "currency" in value) return money(value);
  if ("status" in value) {
    const own = value.label ?? value.raw;
    return words(value.status) + (own && words(own).toLowerCase() !== words(value.status) ? ` (${own})` : "");
  }
  if ("count" in value) return (value.at_least ? "at least " : "") + numbers.format(value.count);
  if ("city" in value || "country" in value) return [value.city, value.country].filter(Boolean).join(", ");
  return Object.entries(value).map(([key, part]) => `${words(key)}: ${part}`).join(", ");
}

// A fact is `{value | absent, src}`; anything else shows as it is.
function fact(value) {
  if (value && typeof value === "object" && "src" in value && ("value" in value || "absent" in value)) {
    if (value.absent) return element("span", { class: "from" }, ABSENT[value.absent] ?? words(value.absent));
    return plain(value.value);
  }
  return plain(value);
}

function facts(...rows) {
  const list = element("dl");
  for (const [label, value] of rows) {
    if (value === undefined || value === null) continue;
    list.append(element("dt", {}, label), element("dd", {}, value instanceof Node ? value : fact(value)));
  }
  return list;
}

function list(items, render, empty) {
  if (!items?.length) return element("p", { class: "from" }, empty);
  return element("ul", {}, ...items.map((item) => element("li", {}, render(item))));
}

function block(title, ...children) {
  const id = `block-${title.toLowerCase().replaceAll(/[^a-z]+/g, "-")}`;
  return element("section", { "aria-labelledby": id }, element("h2", { id }, title), ...children);
}

function link(address, text) {
  if (!/^https:\/\//.test(address ?? "")) return document.createTextNode(text);
  return element("a", { href: address, rel: "noopener noreferrer", target: "_blank" }, text);
}

function match(context) {
  const found = context.match;
  const rows = [["Case", context.case && `${context.case.id}: ${words(context.case.status)}`]];
  if (found.candidates) rows.push(["Candidates", `${numbers.format(found.candidates)} (${found.initials.join(", ")})`]);
  return block("Match",
    element("p", {}, element("span", { class: `class ${found.class}` }, words(found.class)), ` ${found.message}`),
    facts(...rows));
}

function identity(part) {
  return block("Who is writing", facts(
    ["Name", part.name],
    ["E-mail", part.emails?.map((email) => email.value).filter(Boolean).join(", ") || undefined],
    ["Phone", part.phones?.map((phone) => phone.value).filter(Boolean).join(", ") || undefined],
    ["Confidence", `${numbers.format(part.confidence)} of 100`],
    ["Because", part.reasons?.map(words).join(", ") || undefined],
    ["But", part.counters?.map(words).join(", ") || undefined]),
  list(part.accounts, (account) => element("span", {}, link(account.admin_url, account.store), `: ${plain(account.status)}`),
    "No account; bought as a guest."));
}

function order(part) {
  const rows = part.lines.map((line) => element("tr", {},
    element("td", {}, [line.title, line.variant].filter(Boolean).join(", ")),
    element("td", { class: "number" }, line.ordered ?? "–"),
    element("td", { class: "number" }, line.fulfilled ?? "–"),
    element("td", { class: "number" }, line.total ? money(line.total) : "–")));
  const head = element("tr", {}, ...["Line", "Ordered", "Sent", "Total"].map((text) => element("th", { scope: "col" }, text)));
  return block("Order in question",
    facts(["Number", link(part.admin_url, part.number.value ?? "not known")], ["Shop", part.store],
      ["Why this one", part.evidence.map(words).join(", ")], ["Order", part.order_status], ["Payment", part.payment_status],
      ["Fulfilment", part.fulfilment_status], ["Placed", part.placed_at], ["Cancelled", part.cancelled_at],
      ["Total", part.total_current], ["When placed", part.total_placed], ["Doubts", part.warnings?.map(words).join(", ")]),
    rows.length ? element("table", {}, element("thead", {}, head), element("tbody", {}, ...rows)) : null,
    part.alternatives.length ? element("h3", {}, "Other likely orders") : null,
    part.alternatives.length ? list(part.alternatives, (other) => element("span", {}, fact(other.number), ", ", fact(other.order_status)), "") : null);
}

function fulfilment(part) {
  return block("Fulfilment",
    facts(["Status", part.status], ["Goes to", part.destination], ["Leaves by", part.ship_by], ["Arrives by", part.deliver_by]),
    list(part.shipments, (shipment) => element("span", {}, plain(shipment.status), ", ",
      ...shipment.tracking.flatMap((parcel) => [parcel.carrier ?? "", " ", link(parcel.url, parcel.number), " "]),
      "left: ", fact(shipment.shipped_at)), "Nothing has left the shop."));
}

function payment(part) {
  return block("Payment",
    facts(["Status", part.status], ["Received", part.received], ["Outstanding", part.outstanding], ["Paid", part.paid_at]),
    list(part.transactions, (one) => element("span", {}, plain(one.kind), ", ", plain(one.status), " ",
      one.amount ? money(one.amount) : "", one.method ? ` (${one.method})` : "", " ", fact(one.at)), "No transaction is known."));
}

function returns(part) {
  return block("Returns and refunds", facts(["Returns", part.return_status], ["Refunded", part.refunded]),
    list(part.refunds, (one) => element("span", {}, plain(one.status), " ", one.amount ? money(one.amount) : "", " ", fact(one.at)),
      "No refund is known."),
    list(part.returns, (one) => element("span", {}, fact(one.number), ", ", plain(one.status)), "No return is known."));
}

function detail(of) {
  return Object.entries(of ?? {}).map(([key, value]) => `${words(key)}: ${value}`).join(", ");
}

function show(context) {
  const parts = [match(context)];
  if (context.match.class !== "confirmed") {
    parts.push(element("p", { class: "state" },
      "No order data is shown: it is only shown when exactly one person is confirmed."));
  }
  if (context.issues?.length) {
    parts.push(block("Issues", list(context.issues, (issue) =>
      element("span", {}, element("strong", {}, words(issue.rule)), ` ${words(issue.what)} ${detail(issue.detail)}`), "")));
  }
  if (context.suggested_actions?.length) {
    parts.push(block("What to do next", list(context.suggested_actions, ({ action, reason, src, admin_url, url, ...rest }) =>
      element("span", {}, link(url ?? admin_url, words(action)), ` because of ${words(reason)} ${detail(rest)}`), "")));
  }
  if (context.identity) parts.push(identity(context.identity));
  if (context.order_in_question) parts.push(order(context.order_in_question));
  else if (context.match.class === "confirmed") parts.push(element("p", { class: "state" }, "No order of this person is known."));
  if (context.fulfilment) parts.push(fulfilment(context.fulfilment));
  if (context.payment) parts.push(payment(context.payment));
  if (context.returns_refunds) parts.push(returns(context.returns_refunds));
  if (context.timeline?.length) {
    parts.push(block("Timeline", element("ol", {}, ...context.timeline.map((step) =>
      element("li", {}, time(step.at), ` ${words(step.kind)} `, element("span", { class: "from" }, detail(step.detail)))))));
  }
  if (context.history) {
    const past = context.history;
    parts.push(block("History", facts(["Orders", past.orders], ["Cancelled", past.cancelled], ["With a refund", past.refunded],
      ["First order", past.first_order_at], ["Last order", past.last_order_at],
      ["Received in all", past.received.length ? past.received.map(money).join(", ") : undefined],
      ["Orders of unknown value", past.received_unknown || undefined])));
  }
  const sources = Object.entries(context.sources ?? {});
  if (sources.length) {
    parts.push(block("How fresh this is", list(sources, ([, from]) => element("span", {},
      `${from.connection_name}, ${words(from.kind)}: seen `, time(from.observed_at),
      element("span", { class: "age" }, ` (${age(from.age_seconds)}, by ${words(from.path)})`)), "")));
  }
  if (context.store_health?.length) {
    parts.push(block("Shops", list(context.store_health, (shop) => element("span", {},
      `${shop.name}: ${words(shop.state)}${shop.reason ? ` (${shop.reason})` : ""}, `,
      ...completeness(shop),
      ...(shop.proven ? [", proven complete ", ...(shop.proven.since ? ["from ", time(shop.proven.since), " "] : []),
        "to ", time(shop.proven.through)] : []),
      shop.age_seconds === undefined ? ", never read" : `, last read ${age(shop.age_seconds)}`), "")));
  }
  main.replaceChildren(...parts);
}

function completeness(shop) {
  if (shop.complete) return ["all history is here"];
  const why = shop.unstored === 1 ? "1 record that was read could not be stored yet"
    : shop.unstored ? `${shop.unstored.toLocaleString()} records that were read could not be stored yet`
      : "history is still being read";
  return [`${why}, so counts are lower bounds`];
}

function fail(title, text) {
  main.replaceChildren(element("div", { class: "state bad", role: "alert" }, element("strong", {}, title), element("p", {}, text)));
}

const ADVICE = {
  401: "This token is not known. Ask for the tenant's token, which `ordercase tenant add` showed once.",
  404: "The host knows no such ticket at this desk. It appears once the desk has told about it.",
  503: "The host is busy. Try again in a moment.",
};

async function load() {
  const desk = form.elements.desk.value.trim();
  const ticket = form.elements.ticket.value.trim();
  main.setAttribute("aria-busy", "true");
  main.replaceChildren(element("p", { class: "state" }, "Reading the context …"));
  try {
    const answer = await fetch(`/v1/desks/${encodeURIComponent(desk)}/tickets/${encodeURIComponent(ticket)}/context`, {
      headers: { authorization: `Bearer ${token}` }, cache: "no-store", credentials: "omit", redirect: "error",
    });
    const body = await answer.json();
    if (answer.ok) show(body);
    else fail(body.title ?? `The host answered ${answer.status}`, ADVICE[answer.status] ?? body.detail ?? "");
  } catch {
    fail("No answer", "The host cannot be reached, or its answer cannot be read. Try again.");
  } finally {
    main.setAttribute("aria-busy", "false");
    main.focus({ preventScroll: true });
  }
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  token = form.elements.token.value || token;
  form.elements.token.value = "";
  form.elements.token.required = token === "";
  load();
});

// The fragment never leaves the browser; it is taken out of the address before anything else happens.
const given = new URLSearchParams(location.hash.slice(1));
history.replaceState(null, "", location.pathname);
for (const name of ["desk", "ticket"]) if (given.has(name)) form.elements[name].value = given.get(name);
if (given.has("token")) {
  token = given.get("token");
  form.elements.token.required = false;
  if (given.has("desk") && given.has("ticket")) load();
}
