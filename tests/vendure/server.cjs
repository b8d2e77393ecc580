// A real Vendure on loopback, one process: server and job queue, database in memory (sql.js), so that
// nothing has to be installed but npm packages. Prints one JSON line when it answers.
//   node server.cjs --port N [--hook http://127.0.0.1:PORT/path --hook-host NAME --hook-secret TEXT]
// A line of JSON on standard input changes where events go: {"hook": "http://127.0.0.1:PORT/path"}, or nowhere: {"hook": null}.
// Vendure is GPL software: it runs here as its own process, from a cache folder, and nothing of ours
// is linked with it but this script.
'use strict'
const path = require('node:path')
const { createHmac, randomUUID } = require('node:crypto')
// Modules lie in the cache folder that this process was started in, not beside this file.
const cache = (name) => require(require.resolve(name, { paths: [process.cwd()] }))
cache('reflect-metadata')
const core = cache('@vendure/core')

const argument = (name, otherwise) => {
  const at = process.argv.indexOf(`--${name}`)
  return at < 0 ? otherwise : process.argv[at + 1]
}
const port = Number(argument('port', '0'))
let hook = argument('hook')
const hookHost = argument('hook-host')
const hookSecret = argument('hook-secret', '')

/** Posts what happens to the address given: the forwarder that plugins/vendure/README.md describes. */
class Forwarder {
  constructor(bus, connection) {
    this.bus = bus
    this.connection = connection
  }
  onApplicationBootstrap() {
    const order = (event) => ({ orderId: event.order.id })
    this.on(core.OrderPlacedEvent, 'order.placed', order)
    this.on(core.OrderStateTransitionEvent, 'order.state', (event) => ({ orderId: event.order.id, from: event.fromState, to: event.toState }))
    this.on(core.OrderEvent, 'order.changed', order)
    this.on(core.PaymentStateTransitionEvent, 'payment.state', order)
    this.on(core.RefundStateTransitionEvent, 'refund.state', order)
    this.on(core.RefundEvent, 'refund.state', order)
    this.on(core.FulfillmentStateTransitionEvent, 'fulfillment.state', async (event) => {
      const found = await this.connection.getRepository(event.ctx, core.Fulfillment).findOne({ where: { id: event.fulfillment.id }, relations: ['orders'] })
      return { fulfillmentId: event.fulfillment.id, orderIds: (found?.orders ?? []).map((one) => one.id) }
    })
    // A parcel that was made and not sent: the order itself is not told of it.
    this.on(core.FulfillmentEvent, 'fulfillment.state', (event) => ({ fulfillmentId: event.entity.id, orderIds: (event.input?.orders ?? []).map((one) => one.id) }))
    // A note changes nothing but the history, and lines that are cancelled leave the order in its state.
    const told = ['ORDER_NOTE', 'ORDER_CANCELLATION']
    this.on(core.HistoryEntryEvent, 'order.changed', (event) => (event.historyType === 'order' && told.includes(event.entity.type) && event.entity.order ? { orderId: event.entity.order.id } : null))
    this.on(core.CustomerEvent, 'customer.changed', (event) => ({ customerId: (event.entity ?? event.customer).id }))
  }
  on(kind, name, data) {
    this.bus.ofType(kind).subscribe(async (event) => {
      try {
        if (!hook) return
        const at = new Date().toISOString()
        const found = await data(event)
        if (!found) return
        const body = JSON.stringify({ name, at, data: found })
        const signature = createHmac('sha256', hookSecret).update(body).digest('hex')
        await post(body, { 'x-vendure-signature': signature, 'x-vendure-delivery': randomUUID(), 'x-vendure-triggered-at': at })
      } catch (error) {
        console.error(`event ${name}: ${error.message}`)
      }
    })
  }
}
Reflect.decorate(
  [
    core.VendurePlugin({ imports: [core.PluginCommonModule], compatibility: '^3.0.0' }),
    Reflect.metadata('design:paramtypes', [core.EventBus, core.TransactionalConnection]),
  ],
  Forwarder,
)

/** `fetch` refuses a Host header of its own, `http.request` does not. */
function post(body, headers) {
  const { request } = require('node:http')
  return new Promise((resolve, reject) => {
    const sent = request(hook, { method: 'POST', headers: { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body), ...(hookHost ? { host: hookHost } : {}), ...headers } }, (answer) => {
      answer.resume()
      answer.on('end', resolve)
    })
    sent.on('error', reject)
    sent.end(body)
  })
}

const config = {
  apiOptions: { hostname: '127.0.0.1', port, adminApiPath: 'admin-api', shopApiPath: 'shop-api', cors: false },
  authOptions: {
    tokenMethod: ['bearer', 'api-key'],
    requireVerification: false,
    superadminCredentials: { identifier: 'superadmin', password: 'only-on-loopback' },
    cookieOptions: { secret: 'only-on-loopback' },
  },
  dbConnectionOptions: { type: 'sqljs', autoSave: false, synchronize: true, logging: false },
  paymentOptions: { paymentMethodHandlers: [core.dummyPaymentHandler] },
  importExportOptions: { importAssetsDir: path.join(process.cwd(), 'assets') },
  logger: new core.DefaultLogger({ level: core.LogLevel.Warn, timestamp: false }),
  plugins: [Forwarder],
}

const basics = {
  defaultLanguage: core.LanguageCode.en,
  defaultZone: 'Europe',
  roles: [],
  collections: [],
  countries: [
    { name: 'Germany', code: 'DE', zone: 'Europe' },
    { name: 'United States', code: 'US', zone: 'Americas' },
    { name: 'Japan', code: 'JP', zone: 'Asia' },
  ],
  taxRates: [{ name: 'Standard', percentage: 19 }],
  shippingMethods: [{ name: 'Parcel', price: 490 }],
  paymentMethods: [
    { name: 'Card', handler: { code: core.dummyPaymentHandler.code, arguments: [{ name: 'automaticSettle', value: 'true' }] } },
    { name: 'Invoice', handler: { code: core.dummyPaymentHandler.code, arguments: [{ name: 'automaticSettle', value: 'false' }] } },
  ],
}

async function main() {
  const app = await core.bootstrap(config)
  await app.get(core.JobQueueService).start()
  const { populateInitialData } = cache('@vendure/core/cli')
  const log = console.log
  console.log = () => {}
  await populateInitialData(app, basics)
  console.log = log
  const address = await app.getUrl()
  console.log(JSON.stringify({ ready: true, address, version: core.VENDURE_VERSION }))
  // The test that started this process may be killed: its end of the pipe closes then.
  const lines = require('node:readline').createInterface({ input: process.stdin })
  lines.on('line', (line) => ({ hook } = JSON.parse(line)))
  lines.on('close', () => process.exit(0))
}
main().catch((error) => {
  console.error(error)
  process.exit(1)
})
