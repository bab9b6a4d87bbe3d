/** Numbers from 0 to below 1 that repeat for the same seed (mulberry32), so that a failure can be replayed. */
export function createRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

// biome-ignore format: one token per line would hide how they vary
const TOKENS = [
  '\n', '\r\n', '\r', ' ', '\t', '=', '.', ',', '[', ']', '[[', ']]', '{', '}', '#', '"', "'", '"""', "'''", '\\', '\\\n',
  '\\u0041', '\\x', ':', '-', '+', '_', '0', '1', '9', '60', 'e', 'T', 'Z', 'x', '0x', 'a', 'b', 'a.b', 'true', 'inf', '1.5',
  'a = 1\n', '\n[a]\n', '\n[[a]]\n', '\n[a.b]\n', '\n[[a.b.c]]\n', 'a.b = 1\n', 'b.c = {}\n', '2024-02-30', '07:32:00',
  '{a = 1}', '[1, 2]', '"x"', '\u0000', '\u007F', 'é', '😀', '\uFEFF', '__proto__', '9223372036854775808',
] as const;

export interface DocumentSource {
  readonly next: () => string;
}

/** An endless series of documents made from `documents` by one to four small edits each. */
export function createMutator(documents: readonly string[], seed: number): DocumentSource {
  const random = createRandom(seed);
  const below = (limit: number) => Math.floor(random() * limit);
  const pick = (list: readonly string[]) => list[below(list.length)] ?? '';
  const slice = (text: string) => {
    const from = below(text.length + 1);
    return text.slice(from, from + below(12));
  };
  const edit = (text: string) => {
    const from = below(text.length + 1);
    const to = random() < 0.5 ? from : from + below(6);
    const inserted = [pick(TOKENS), slice(text), slice(pick(documents)), ''][below(4)] ?? '';
    return text.slice(0, from) + inserted + text.slice(to);
  };
  const next = () => {
    let text = random() < 0.2 ? `${pick(documents)}\n${pick(documents)}` : pick(documents);
    for (let edits = 1 + below(4); edits > 0; edits--) text = edit(text);
    return text;
  };
  return { next };
}

/** An endless series of well-formed documents of a few lines that define and redefine the same three names. */
export function createDefinitions(seed: number): DocumentSource {
  const random = createRandom(seed);
  const below = (limit: number) => Math.floor(random() * limit);
  const key = () => Array.from({ length: 1 + below(3) }, () => 'abc'[below(3)]).join('.');
  const values = [
    () => '1',
    () => '[{}]',
    () => `{${key()} = 1}`,
    () => `{${key()} = 1, ${key()} = 2}`,
    () => `{${key()} = {${key()} = 1}, ${key()} = 2}`,
  ];
  const lines = [
    () => `[${key()}]`,
    () => `[[${key()}]]`,
    () => `${key()} = 1`,
    () => `${key()} = ${values[below(values.length)]?.()}`,
  ];
  const next = () => Array.from({ length: 2 + below(5) }, () => lines[below(lines.length)]?.()).join('\n');
  return { next };
}
