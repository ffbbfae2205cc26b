import closeWithGrace from 'close-with-grace'
import { createApp } from './app/index.ts'
import { checkPorts, listening } from './app/listen.ts'
import { ConfigError, readConfig } from './config/index.ts'
import { forcedEndSeconds } from './config/options.ts'
import { UnsuitableStoreError } from './core/ports/store.ts'

/** The process: environment → createApp → listen; close with grace. */
async function main(): Promise<void> {
  const config = readConfig(process.env)
  const { host } = config
  const own = { option: 'PORT', port: config.port } as const
  const ops = { option: 'OPS_PORT', port: config.opsPort } as const
  await checkPorts(host, config.opsPort === 0 ? [own] : [own, ops])
  const app = createApp(config)
  const { log } = app.http

  const grace = closeWithGrace(
    { delay: (config.drainSeconds + forcedEndSeconds) * 1000, logger: false },
    async ({ signal, err }) => {
      if (err) log.fatal({ err }, 'unexpected error')
      log.info({ signal }, 'closing')
      // SIGTERM is a deployment, so the node moves its clients first. After any other signal the clients reconnect by themselves
      if (signal === 'SIGTERM') await app.drain()
      await app.close()
    },
  )

  // the process ends with a parent that opened a channel, as `signalbox cluster` does
  process.once('disconnect', grace.close)
  if (process.connected === false) grace.close()

  if (app.ops !== app.http) await listening(app.ops.listen({ host, port: ops.port }), host, ops)
  await app.begin()
  await listening(app.http.listen({ host, port: own.port }), host, own)
  const address = app.http.server.address()
  const port = typeof address === 'object' && address ? address.port : config.port
  console.log(`Signalbox is at http://localhost:${port}`)
}

main().catch((error: unknown) => {
  const isExplained = error instanceof ConfigError || error instanceof UnsuitableStoreError
  console.error(isExplained ? error.message : error)
  process.exit(1)
})
