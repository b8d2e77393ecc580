// Fills a fresh Vendure through its public APIs, as a merchant and as shoppers, and prints what it made
// as one JSON line.   node seed.mjs ADDRESS
// With a verb it makes one change instead:   node seed.mjs ADDRESS VERB ORDER ...
const base = process.argv[2]

/** One session at one of the two APIs. */
class Session {
  constructor(api, currency) {
    this.url = `${base}/${api}${currency ? `?currencyCode=${currency}` : ''}`
    this.headers = { 'content-type': 'application/json' }
  }
  /** The first field of the answer; error results of Vendure are errors here. */
  async ask(query, variables = {}) {
    const answer = await fetch(this.url, { method: 'POST', headers: this.headers, body: JSON.stringify({ query, variables }) })
    const token = answer.headers.get('vendure-auth-token')
    if (token) this.headers.authorization = `Bearer ${token}`
    const { data, errors } = await answer.json()
    if (errors) throw new Error(`${errors[0].message}\n${query}`)
    const [first] = Object.values(data)
    if (first?.errorCode) throw new Error(`${first.errorCode}: ${first.message} ${first.transitionError ?? ''}\n${query}`)
    return first
  }
}
const FAILS = '... on ErrorResult { errorCode message }'

const admin = new Session('admin-api')
await admin.ask(`mutation { login(username: "superadmin", password: "only-on-loopback") { ... on CurrentUser { id } ${FAILS} } }`)

// ---- what the merchant does ----
function read(id) {
  return admin.ask('query($id: ID!) { order(id: $id) { id totalWithTax lines { id quantity productVariant { sku } } payments { id } } }', { id })
}
function state(id, to) {
  return admin.ask(`mutation { transitionOrderToState(id: "${id}", state: "${to}") { ... on Order { id } ... on OrderStateTransitionError { errorCode message transitionError } } }`)
}

async function ship(id, carrier, tracking, pick, until = ['Shipped']) {
  const order = await read(id)
  const lines = order.lines
    .map((line) => ({ orderLineId: line.id, quantity: pick ? (pick[line.productVariant.sku] ?? 0) : line.quantity }))
    .filter((line) => line.quantity > 0)
  const made = await admin.ask(`mutation($input: FulfillOrderInput!) { addFulfillmentToOrder(input: $input) { ... on Fulfillment { id } ${FAILS} } }`, {
    input: { lines, handler: { code: 'manual-fulfillment', arguments: [{ name: 'method', value: carrier }, { name: 'trackingCode', value: tracking }] } },
  })
  for (const to of until) await admin.ask(`mutation { transitionFulfillmentToState(id: "${made.id}", state: "${to}") { ... on Fulfillment { id } ${FAILS} } }`)
}
async function refund(id, amount, reason, settle = true) {
  const order = await read(id)
  // The three zeros are deprecated inputs that 3.7.3 still needs.
  const made = await admin.ask(`mutation($input: RefundOrderInput!) { refundOrder(input: $input) { ... on Refund { id state } ${FAILS} } }`, {
    input: { amount, paymentId: order.payments[0].id, reason, lines: [], shipping: 0, adjustment: 0 },
  })
  if (settle && made.state !== 'Settled') await admin.ask(`mutation { settleRefund(input: { id: "${made.id}", transactionId: "back-${made.id}" }) { ... on Refund { id } ${FAILS} } }`)
}
/** The whole order with its shipping, or only those lines. */
function cancel(id, reason, lines) {
  return admin.ask(`mutation($input: CancelOrderInput!) { cancelOrder(input: $input) { ... on Order { id } ${FAILS} } }`, { input: { orderId: id, reason, lines, cancelShipping: !lines } })
}

// ---- who buys ----
const PLACES = {
  EUR: { streetLine1: 'Gartenweg 8', city: 'Leipzig', postalCode: '04109', countryCode: 'DE', phoneNumber: '+49 341 5550100' },
  USD: { streetLine1: '12 Harbor Street', city: 'Portland', province: 'OR', postalCode: '97201', countryCode: 'US' },
  JPY: { streetLine1: '錦小路 3', city: '京都', postalCode: '604-8055', countryCode: 'JP' },
}
const person = (firstName, lastName, emailAddress) => ({ firstName, lastName, emailAddress })
async function register(who) {
  const customer = await admin.ask(`mutation($input: CreateCustomerInput!) { createCustomer(input: $input, password: "shopper") { ... on Customer { id } ${FAILS} } }`, { input: who })
  return { ...who, id: customer.id }
}

/** Buys as a person with an account (who has an id) or as a guest. */
async function buy(who, basket, { currency = 'EUR', coupon, method = 'card', pay = true } = {}) {
  const shop = new Session('shop-api', currency === 'EUR' ? undefined : currency)
  if (who.id) await shop.ask(`mutation { login(username: "${who.emailAddress}", password: "shopper") { ... on CurrentUser { id } ${FAILS} } }`)
  let order
  for (const [variant, quantity] of basket) {
    order = await shop.ask(`mutation { addItemToOrder(productVariantId: "${variant}", quantity: ${quantity}) { ... on Order { id } ${FAILS} } }`)
  }
  if (!who.id) await shop.ask(`mutation($input: CreateCustomerInput!) { setCustomerForOrder(input: $input) { ... on Order { id } ${FAILS} } }`, { input: who })
  const address = { ...PLACES[currency], fullName: `${who.firstName} ${who.lastName}` }
  for (const kind of ['Shipping', 'Billing']) {
    await shop.ask(`mutation($input: CreateAddressInput!) { setOrder${kind}Address(input: $input) { ... on Order { id } ${FAILS} } }`, { input: address })
  }
  if (coupon) await shop.ask(`mutation { applyCouponCode(couponCode: "${coupon}") { ... on Order { id } ${FAILS} } }`)
  const [shipping] = await shop.ask('{ eligibleShippingMethods { id } }')
  await shop.ask(`mutation { setOrderShippingMethod(shippingMethodId: ["${shipping.id}"]) { ... on Order { id } ${FAILS} } }`)
  await shop.ask(`mutation { transitionOrderToState(state: "ArrangingPayment") { ... on Order { id } ${FAILS} } }`)
  if (pay) await shop.ask(`mutation { addPaymentToOrder(input: { method: "${method}", metadata: {} }) { ... on Order { id } ${FAILS} } }`)
  return order.id
}

// ---- one change to a shop that is filled:   node seed.mjs ADDRESS VERB ORDER ... ----
/** Creates a parcel and leaves it as it is: `Pending`. */
const fulfil = (id, carrier, tracking) => ship(id, carrier, tracking, undefined, [])
async function move(id, to) {
  const { fulfillments } = await admin.ask('query($id: ID!) { order(id: $id) { fulfillments { id } } }', { id })
  for (const one of fulfillments) await admin.ask(`mutation { transitionFulfillmentToState(id: "${one.id}", state: "${to}") { ... on Fulfillment { id } ${FAILS} } }`)
}
const CHANGES = {
  /** An order of two lines that is authorised and not paid, or another method's; prints its id. */
  place: async (email, method = 'invoice') => {
    const { items } = await admin.ask('{ productVariants { items { id sku } } }')
    const basket = [['BULB-E27', 2], ['LAMP-HERON', 1]].map(([sku, quantity]) => [items.find((item) => item.sku === sku).id, quantity])
    console.log(JSON.stringify({ order: await buy(person('Rowan', 'Reed', email), basket, { method }) }))
  },
  ship,
  fulfil,
  capture: async (id) => {
    const { payments } = await read(id)
    await admin.ask(`mutation { settlePayment(id: "${payments[0].id}") { ... on Payment { id } ${FAILS} } }`)
  },
  move,
  refund: (id, amount) => refund(id, Number(amount), 'a scratch'),
  cancel: (id) => cancel(id, 'changed their mind'),
  cancel_line: async (id, sku) => {
    const line = (await read(id)).lines.find((one) => one.productVariant.sku === sku)
    await cancel(id, 'one too many', [{ orderLineId: line.id, quantity: line.quantity }])
  },
  note: (id, note) => admin.ask('mutation($input: AddNoteToOrderInput!) { addNoteToOrder(input: $input) { id } }', { input: { id, note, isPublic: false } }),
}
const [verb, ...rest] = process.argv.slice(3)
if (verb) {
  await CHANGES[verb](...rest)
  process.exit(0)
}

// ---- the shop ----
const channel = await admin.ask('{ activeChannel { id } }')
const zones = await admin.ask('{ zones { items { id name } } }')
const europe = zones.items.find((zone) => zone.name === 'Europe').id
await admin.ask(`mutation($input: UpdateChannelInput!) { updateChannel(input: $input) { ... on Channel { id } ${FAILS} } }`, {
  input: { id: channel.id, defaultCurrencyCode: 'EUR', availableCurrencyCodes: ['EUR', 'USD', 'JPY'], pricesIncludeTax: true, defaultTaxZoneId: europe, defaultShippingZoneId: europe },
})

/** What a support desk is given: a key that may read orders and customers. */
const role = await admin.ask('mutation($input: CreateRoleInput!) { createRole(input: $input) { id } }', {
  input: { code: 'desk', description: 'reads', permissions: ['ReadOrder', 'ReadCustomer'], channelIds: [channel.id] },
})
const key = await admin.ask('mutation($input: CreateApiKeyInput!) { createApiKey(input: $input) { apiKey } }', {
  input: { roleIds: [role.id], translations: [{ languageCode: 'en', name: 'desk' }] },
})

// ---- what it sells: hundredths of every currency, yen included ----
const taxes = await admin.ask('{ taxCategories { items { id } } }')
async function sell(name, sku, prices) {
  const texts = [{ languageCode: 'en', name, slug: sku.toLowerCase(), description: name }]
  const product = await admin.ask('mutation($input: CreateProductInput!) { createProduct(input: $input) { id } }', { input: { translations: texts } })
  const [variant] = await admin.ask('mutation($input: [CreateProductVariantInput!]!) { createProductVariants(input: $input) { id } }', {
    input: [{ productId: product.id, sku, price: prices.EUR, taxCategoryId: taxes.items[0].id, stockOnHand: 500, translations: [{ languageCode: 'en', name }] }],
  })
  // Prices in other currencies are ignored at creation.
  await admin.ask('mutation($input: [UpdateProductVariantInput!]!) { updateProductVariants(input: $input) { id } }', {
    input: [{ id: variant.id, prices: Object.entries(prices).map(([currencyCode, price]) => ({ currencyCode, price })) }],
  })
  return variant.id
}
const lamp = await sell('Lamp “Heron”', 'LAMP-HERON', { EUR: 21900, USD: 23900, JPY: 3500000 })
const bulb = await sell('Bulb E27', 'BULB-E27', { EUR: 1290, USD: 1490, JPY: 210050 })
await admin.ask(`mutation($input: CreatePromotionInput!) { createPromotion(input: $input) { ... on Promotion { id } ${FAILS} } }`, {
  input: { enabled: true, couponCode: 'TENOFF', conditions: [], actions: [{ code: 'order_percentage_discount', arguments: [{ name: 'discount', value: '10' }] }], translations: [{ languageCode: 'en', name: 'Ten off' }] },
})

const mia = await register(person('Mia', 'Keller', 'mia.keller@example.test'))
const orders = {}

orders.guest_two_parcels = await buy(person('Sam', 'O’Neil 👟', 'Sam.ONeil@Example.test'), [[lamp, 1], [bulb, 3]], { currency: 'USD' })
await ship(orders.guest_two_parcels, 'UPS', '1Z00000000000001', { 'LAMP-HERON': 1 })
await ship(orders.guest_two_parcels, 'UPS', '1Z00000000000002', { 'BULB-E27': 3 })

orders.partial_refund = await buy(mia, [[bulb, 4]], { coupon: 'TENOFF' })
await ship(orders.partial_refund, 'DHL', 'DHL000000001', { 'BULB-E27': 3 })
await refund(orders.partial_refund, 500, 'one was scratched')
await refund(orders.partial_refund, 250, 'goodwill', false)

orders.yen = await buy(person('花子', '山田', 'hanako@example.test'), [[bulb, 1]], { currency: 'JPY' })

orders.edited = await buy(person('Edda', 'Wolf', 'edda@example.test'), [[bulb, 1]])
await state(orders.edited, 'Modifying')
await admin.ask(`mutation($input: ModifyOrderInput!) { modifyOrder(input: $input) { ... on Order { id } ${FAILS} } }`, {
  input: { dryRun: false, orderId: orders.edited, note: 'one more', addItems: [{ productVariantId: bulb, quantity: 1 }], surcharges: [{ description: 'Gift wrap', price: 300, priceIncludesTax: true, taxRate: 19 }] },
})
await state(orders.edited, 'ArrangingAdditionalPayment')

orders.cancelled = await buy(mia, [[lamp, 1]])
const due = (await read(orders.cancelled)).totalWithTax
await cancel(orders.cancelled, 'out of stock')
await refund(orders.cancelled, due, 'out of stock')

orders.delivered = await buy(mia, [[lamp, 1]])
await ship(orders.delivered, 'DHL', 'DHL000000002', undefined, ['Shipped', 'Delivered'])

orders.authorised = await buy(mia, [[bulb, 1]], { method: 'invoice' })
const cart = await buy(mia, [[bulb, 2]], { pay: false })

console.log(JSON.stringify({ api_key: key.apiKey, orders, cart, customers: { mia: mia.id } }))
