/** Names that are invisible, or look like another name. */
export const invisibleNames: [string, string][] = [
  ['spaces', '   '],
  ['other white space', '\u00a0\u2003\u3000'],
  ['zero-width characters', '\u200b\u200c\u200d\ufeff'],
  ['a word joiner', '\u2060'],
  ['a soft hyphen', '\u00ad'],
  ['marks of direction', '\u200e\u200f\u061c'],
  ['embeddings, overrides and isolates of direction', '\u202a\u202e\u202c\u2066\u2069'],
  ['fillers of Hangul', '\u3164\u115f\u1160\uffa0'],
  ['the empty pattern of Braille', '\u2800'],
  ['vowels of Khmer that are not shown', '\u17b4\u17b5'],
  ['a separator of Mongolian', '\u180e'],
  ['variation selectors', '\ufe0f\u{e0100}'],
  ['tags', '\u{e0041}\u{e007f}'],
  ['a combining grapheme joiner', '\u034f'],
  ['control characters', '\u0000\u001b\u0085'],
  ['separators of lines and paragraphs', '\u2028\u2029'],
]
