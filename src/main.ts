import closeWithGrace from 'close-with-grace'
import { createApp } from './app.ts'
import { ConfigError, readConfig } from './config.ts'

/** The process: environment → createApp → listen; close with grace. */
async function main(): Promise<void> {
  const config = readConfig(process.env)
  const app = createApp(config)
  const { log } = app.http

  const grace = closeWithGrace({ delay: (config.drainSeconds + 15) * 1000, logger: false }, async ({ signal, err }) => {
    if (err) log.fatal({ err }, 'unexpected error')
    log.info({ signal }, 'closing')
    // SIGTERM is a deployment: clients are moved gently. Anything else ends at once, and they come back by themselves
    if (signal === 'SIGTERM') await app.drain()
    await app.close()
  })

  // a parent that opened a channel, as `signalbox cluster` does, is never outlived
  process.once('disconnect', grace.close)
  if (process.connected === false) grace.close()

  if (app.ops !== app.http) await app.ops.listen({ host: config.host, port: config.opsPort })
  await app.begin()
  await app.http.listen({ host: config.host, port: config.port })
  const address = app.http.server.address()
  const port = typeof address === 'object' && address ? address.port : config.port
  console.log(`Signalbox is at http://localhost:${port}`)
}

main().catch((error: unknown) => {
  console.error(error instanceof ConfigError ? error.message : error)
  process.exit(1)
})
