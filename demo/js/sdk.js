// The only module that imports the built client by its address.
export {
  Exchanger,
  iceLifetimeMs,
  Mesh,
  MeshChannel,
  Rooms,
  SignalboxError,
} from '../client/signalbox-client.bundle.min.js'
