const digits = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'

/**
 * Each byte of standard base64 as one character, as `atob` does, which older versions of React Native lack. Characters outside of
 * ASCII come out wrong, but the JSON around them can be read.
 */
export function decodeBase64(text: string): string {
  let [bits, held, decoded] = [0, 0, '']
  for (const character of text) {
    const digit = digits.indexOf(character)
    if (digit < 0) break // padding
    held = ((held << 6) | digit) & 0xffff
    bits += 6
    if (bits < 8) continue
    bits -= 8
    decoded += String.fromCharCode((held >> bits) & 0xff)
  }
  return decoded
}
