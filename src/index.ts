/** The package `signalbox`: a node to be built into another program. `signalbox/client` is the SDK. */
export { type App, createApp } from './app/index.ts'
export { type Config, ConfigError, type Environment, readConfig } from './config/index.ts'
export { version } from './version.ts'
