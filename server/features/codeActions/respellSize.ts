import { parseMiB } from '../../../runtime/config/vms/units.ts';
import { quoted } from '../completion/token.ts';
import type { FixMaker } from './fix.ts';
import { closedStringAt } from './places.ts';
import { SIZE_UNITS } from './sizeSpelling.ts';

/** `2 gigs`, `2Gi` and `1,5 GB`: the first letter of a unit says which. */
export const respellSize: FixMaker = (analysis, { span }) => {
  const value = closedStringAt(analysis, span.from)?.value;
  const [, number = '', unit = ''] = /^\s*(\d+(?:[.,]\d+)?)\s*([kmgt])[a-z]*\.?\s*$/i.exec(value?.value ?? '') ?? [];
  const spelled = `${number.replace(',', '.')} ${SIZE_UNITS[unit.toLowerCase()]}`;
  if (value === undefined || number === '' || parseMiB(spelled) === undefined || spelled === value.value) return [];
  const text = quoted(spelled, analysis.text[value.from] === "'" ? "'" : '"');
  return [{ title: `Write "${spelled}"`, changes: [{ from: value.from, to: value.to, text }], isPreferred: true }];
};
