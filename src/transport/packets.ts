import * as parser from 'socket.io-parser'

/** Far more than any request has; Socket.IO calls listeners with as many, and JavaScript's stack does not take a million. */
const maxArguments = 100
/** JSON may write one byte of text as six: `\\u0061`. */
const maxEscapeFactor = 6
/** For the name of the event, the punctuation and `{ rid }`. */
const framingBytes = 4096

/** The type of a packet, its namespace and the id of its ack; then a connection's `auth`, or an event's name. */
const header = /^(?:(0(?:\/[^,]{0,256},)?)\{|(2(?:\/[^,]{0,256},)?\d{0,16}\["[^"\\]{0,256}"))/

/**
 * Socket.IO's `parser`. It drops the arguments of an event that nothing reads, before Socket.IO spreads them over the
 * stack, and does not parse JSON that is larger than any permitted message can be.
 */
export function boundedParser(maxMessageBytes: number): typeof parser {
  const maxTextLength = maxEscapeFactor * maxMessageBytes + framingBytes
  const tooMuch = 'x'.repeat(maxMessageBytes + 1)

  class BoundedDecoder extends parser.Decoder {
    constructor(...options: ConstructorParameters<typeof parser.Decoder>) {
      super(...options)
      // called before the listener that Socket.IO adds
      this.on('decoded', ({ data }: parser.Packet) => {
        if (Array.isArray(data) && data.length > maxArguments) data.length = maxArguments
      })
    }

    override add(packet: unknown): void {
      const tooLong = typeof packet === 'string' && packet.length > maxTextLength
      super.add(tooLong ? shortened(packet, tooMuch) : packet)
    }
  }

  return { ...parser, Decoder: BoundedDecoder }
}

/**
 * The same packet with one text that is too large in the place of what it has, so that it is refused in the same words
 * as any that is too large. @throws Error when it is neither an event nor a connection: Socket.IO closes its client's
 */
function shortened(packet: string, tooMuch: string): string {
  const [, connect, event] = header.exec(packet) ?? []
  if (connect !== undefined) return `${connect}{"token":"${tooMuch}"}`
  if (event !== undefined) return `${event},"${tooMuch}"]`
  throw new Error('The packet is too large')
}
