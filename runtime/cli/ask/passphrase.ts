import { createInterface } from 'node:readline/promises';
import { Writable } from 'node:stream';
import type { AskPassphrase } from '../../contract/bootstrap.ts';

/** Asks at the terminal, once for each key, and shows nothing of what is typed. Without a terminal no user is asked. */
export function askPassphraseAtTerminal(json: boolean): AskPassphrase {
  const asked = new Map<string, Promise<string | undefined>>();
  let last: Promise<unknown> = Promise.resolve();
  return (identity) => {
    if (json || !process.stdin.isTTY || !process.stderr.isTTY) return Promise.resolve(undefined);
    const known = asked.get(identity) ?? last.then(() => ask(identity));
    asked.set(identity, known);
    last = known;
    return known;
  };
}

async function ask(identity: string): Promise<string | undefined> {
  const hidden = new Writable({ write: (_chunk, _encoding, done) => done() });
  process.stderr.write(`Passphrase of ${identity}: `);
  const terminal = createInterface({ input: process.stdin, output: hidden, terminal: true });
  const closed = new Promise<undefined>((done) => terminal.once('close', () => done(undefined)));
  try {
    return await Promise.race([terminal.question(''), closed]);
  } finally {
    terminal.close();
    process.stderr.write('\n');
  }
}
