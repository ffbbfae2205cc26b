// Where the built client is served: the one place that knows.
export {
  Exchanger,
  iceLifetimeMs,
  Mesh,
  MeshChannel,
  Rooms,
  SignalboxError,
} from '../client/signalbox-client.bundle.min.js'
