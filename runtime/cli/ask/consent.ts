import { createInterface } from 'node:readline/promises';
import type { Consent } from '../../contract/consent.ts';
import { CastraError } from '../../contract/failures.ts';

export interface ConsentChoices {
  /** `--yes` */
  readonly yes?: boolean;
  readonly json: boolean;
  /** Where no user can be asked (no terminal, --json): go ahead, or fail and name --yes. */
  readonly unasked: 'proceed' | 'refuse';
}

/** Asks at the terminal, unless the user has said yes beforehand. What it is about was printed before. */
export function askAtTerminal({ yes = false, json, unasked }: ConsentChoices): Consent {
  return async ({ question }) => {
    if (yes || saysYes(process.env.CASTRA_YES)) return true;
    if (json || !process.stdin.isTTY || !process.stderr.isTTY) {
      if (unasked === 'proceed') return true;
      throw new CastraError({
        kind: 'usage',
        detail: `${question} There is no terminal to ask at: pass --yes to confirm.`,
      });
    }
    return await ask(question);
  };
}

const saysYes = (value: string | undefined): boolean => /^(?:1|y|yes|true)$/i.test(value ?? '');

/** On stderr: stdout may be a file. Ctrl-C and the end of input mean no. */
async function ask(question: string): Promise<boolean> {
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  const closed = new Promise<string>((done) => terminal.once('close', () => done('')));
  try {
    const answer = await Promise.race([terminal.question(`${question} [y/N] `), closed]);
    return /^y(?:es)?$/i.test(answer.trim());
  } finally {
    terminal.close();
  }
}
