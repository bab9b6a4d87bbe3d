import { createRandom } from '../runtime/config/toml/fuzz.ts';

// biome-ignore format: one fragment per line would hide how they vary
export const FRAGMENTS = [
  'a', '\n', '\r\n', ' ', '"', "'", '=', '[', ']', '[[', ']]', '{', '}', ',', '.', '#', '\\', '"""', "'''", '1', 'é', '😀', '\uFEFF',
  'name = "web"\n', '[[vms]]\n', '[project]\n', '[[vms.port_forwards]]\nhost = 8080\nguest = 80\n', 'count = 2\n', 'cpus = ',
  'memory = "1 GiB"', 'port_forwards = [{ host = 1, guest = 2 }]', '# why\n', 'version = "0.2.0"\n', 'bootstrap.env.A = "b"\n',
  '[[vms.instances]]\nid = "web-1"\n', 'user_data = """\n#cloud-config\n"""\n', 'ready = "serial:("\n', '\u0000', '\r',
] as const;

/** Editors do not put a cursor inside a line break or a surrogate pair. */
export function atCharacter(text: string, offset: number): number {
  const isInside = /^(?:\r\n|[\uD800-\uDBFF][\uDC00-\uDFFF])/.test(text.slice(Math.max(offset - 1, 0), offset + 1));
  return isInside && offset > 0 ? offset - 1 : offset;
}

/** Makes one edit at a random place of a text: something is written, removed or replaced. The same ones for each seed. */
export function createTextEditor(seed: number): (text: string) => string {
  const random = createRandom(seed);
  const below = (limit: number) => Math.floor(random() * limit);
  return (text) => {
    const start = atCharacter(text, below(text.length + 1));
    const end = below(2) === 0 ? start : atCharacter(text, Math.min(text.length, start + below(20)));
    const written = below(3) === 0 ? '' : (FRAGMENTS[below(FRAGMENTS.length)] ?? '');
    return text.slice(0, start) + written + text.slice(end);
  };
}
