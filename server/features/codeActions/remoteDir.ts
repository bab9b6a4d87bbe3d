import { DEFAULTS } from '../../../runtime/config/defaults.ts';
import { quoted } from '../completion/token.ts';
import type { FixMaker } from './fix.ts';
import { closedStringAt } from './places.ts';

/** The folder that is emptied in the guest, back to the default, which no other program uses. */
export const resetRemoteDir: FixMaker = (analysis, { span }) => {
  const value = closedStringAt(analysis, span.from)?.value;
  if (value === undefined) return [];
  const folder = DEFAULTS.bootstrap.remote_dir;
  const quote = analysis.text[value.from] === "'" ? "'" : '"';
  const changes = [{ from: value.from, to: value.to, text: quoted(folder, quote) }];
  return [{ title: `Change to "${folder}"`, changes }];
};
