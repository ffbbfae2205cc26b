import * as parser from 'socket.io-parser'

/** Far more than any request has; Socket.IO calls listeners with as many, and JavaScript's stack does not take a million. */
const maxArguments = 100

/** Drops the arguments of an event that nothing reads, before Socket.IO spreads them over the stack. */
class BoundedDecoder extends parser.Decoder {
  constructor(...options: ConstructorParameters<typeof parser.Decoder>) {
    super(...options)
    // called before the listener that Socket.IO adds
    this.on('decoded', ({ data }: parser.Packet) => {
      if (Array.isArray(data) && data.length > maxArguments) data.length = maxArguments
    })
  }
}

/** Socket.IO's `parser`. */
export const boundedParser = { ...parser, Decoder: BoundedDecoder }
