import * as parser from 'socket.io-parser'

/** Far more than any request has; Socket.IO calls listeners with as many, and JavaScript's stack does not take a million. */
const maxArguments = 100
/** JSON may write one byte of text as six: `\u0061`. */
const maxEscapeFactor = 6
/** For the name of the event, the punctuation and `{ rid }`. */
const framingBytes = 4096

/** A CONNECT packet up to its `auth`, or an EVENT packet up to the end of the event's name. */
const header = /^(?:(0(?:\/[^,]{0,256},)?)\{|(2(?:\/[^,]{0,256},)?\d{0,16}\["[^"\\]{0,256}"))/

/**
 * Socket.IO's `parser`. It drops the arguments of an event that nothing reads, before Socket.IO spreads them over the
 * stack, and does not parse a text of more than `maxTextLength` UTF-16 units: no permitted message is that long, unless it is padded
 * with white space.
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
 * Replaces the payload of a packet with a string above the limit, so that the client gets the usual `too_large` error.
 * @throws Error if `header` does not match (acks, attachments, long or escaped names): Socket.IO then closes the connection
 */
function shortened(packet: string, tooMuch: string): string {
  const [, connect, event] = header.exec(packet) ?? []
  if (connect !== undefined) return `${connect}{"token":"${tooMuch}"}`
  if (event !== undefined) return `${event},"${tooMuch}"]`
  throw new Error('The packet is too large')
}
