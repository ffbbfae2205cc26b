/** Values that are invalid for any argument of a request. */
export const badValues: unknown[] = [
  null,
  true,
  0,
  -1,
  1.5,
  '',
  ' \t\n',
  '\u0000',
  '\ud800',
  '\u200b',
  '__proto__',
  'x'.repeat(3000),
  [],
  [[]],
  {},
  { to: {} },
  { channelName: null },
  { channelName: '', sessionDescriptor: 1 },
  { channelName: {}, user: [] },
  { payload: null },
  { payload: ' ' },
  { token: 7 },
  { token: {} },
  { token: '\udfff' },
  { constructor: { prototype: {} } },
  JSON.parse('{"__proto__":{"to":"x"},"toString":1}'),
  { ticket: 5, seq: -1 },
  { rid: 0 },
  { rid: '1' },
  Buffer.from('bytes'),
  'x'.repeat(70_000),
  nested(40),
]

function nested(depth: number): unknown {
  return depth === 0 ? 0 : [nested(depth - 1)]
}

/** Each value as the only argument, as the second, and as the third. */
export function badArguments(): unknown[][] {
  return [[], ...badValues.flatMap((value) => [[value], ['x', value], ['x', 'x', value]])]
}
