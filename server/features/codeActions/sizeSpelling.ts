import { parseMiB } from '../../../runtime/config/vms/units.ts';
import type { Analysis } from '../../documents/analysis.ts';
import { cursorAt } from '../../text/cursor.ts';
import { namesOf } from '../completion/ideas.ts';
import { quoted } from '../completion/token.ts';
import type { Fix } from './fix.ts';

const SIZES = ['memory', 'overlay_size', 'max_size'];
export const SIZE_UNITS: Readonly<Record<string, string>> = { k: 'KiB', m: 'MiB', g: 'GiB', t: 'TiB' };

/** `2GiB`, `2g` and `2gb` to `2 GiB`; the amount stays. */
export function spellSize({ syntax, text }: Analysis, offset: number): Fix | undefined {
  const cursor = cursorAt(syntax.document, syntax.tree, offset);
  if (cursor.kind !== 'value' || cursor.value.kind !== 'string' || cursor.value.isOpen) return undefined;
  const { from, to, value } = cursor.value;
  const key = namesOf(cursor.path).split('.').at(-1) ?? '';
  const [, number, unit = ''] = /^\s*(\d+(?:\.\d+)?)\s*([kmgt])(?:i?b)?\s*$/i.exec(value) ?? [];
  const spelled = `${number} ${SIZE_UNITS[unit.toLowerCase()]}`;
  if (!SIZES.includes(key) || number === undefined || spelled === value) return undefined;
  if (parseMiB(spelled) !== parseMiB(value)) return undefined;
  const quote = text[from] === "'" ? "'" : '"';
  return { title: `Write "${spelled}"`, changes: [{ from, to, text: quoted(spelled, quote) }] };
}
