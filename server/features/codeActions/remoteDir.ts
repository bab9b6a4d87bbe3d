import { DEFAULT_REMOTE_DIR } from '../../../runtime/config/vms/virtualMachine.ts';
import { quoted } from '../completion/token.ts';
import type { FixMaker } from './fix.ts';
import { closedStringAt } from './places.ts';

/** The folder that is emptied in the guest, back to the default, which no other program uses. */
export const resetRemoteDir: FixMaker = (analysis, { span }) => {
  const value = closedStringAt(analysis, span.from)?.value;
  if (value === undefined) return [];
  const quote = analysis.text[value.from] === "'" ? "'" : '"';
  const changes = [{ from: value.from, to: value.to, text: quoted(DEFAULT_REMOTE_DIR, quote) }];
  return [{ title: `Change to "${DEFAULT_REMOTE_DIR}"`, changes }];
};
