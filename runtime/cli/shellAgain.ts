import { exitCodes } from '../contract/failures.ts';
import { silent } from '../contract/reporter.ts';
import type { StatusOptions } from '../contract/vms.ts';

interface Place extends Omit<StatusOptions, 'vms'> {
  readonly vm: string;
}

/** What only the end of a connection leads to; anything else is what the user's shell ended with. */
const CUT_OFF: readonly number[] = [exitCodes['ssh-failed'], exitCodes['not-running']];
const ENTER = /[\r\n]/;

/**
 * A shell in a terminal of an editor, which has no prompt to return to: when it is cut off, it says why and connects
 * again at Enter. It always ends with 0, for an editor reports any other code as a crash of the terminal.
 */
export async function shellAgain(place: Place, session: () => Promise<number>): Promise<number> {
  for (;;) {
    const code = await session();
    if (!CUT_OFF.includes(code) || !process.stdin.isTTY) return 0;
    const why = await reasonOf(place);
    process.stderr.write(`\r\n${why} Press Enter to connect again, or any other key to close.\r\n`);
    if (!ENTER.test(await nextKey())) return 0;
  }
}

async function reasonOf({ vm, ...place }: Place): Promise<string> {
  try {
    const { status } = await import('../operations/status.ts');
    const { value } = await status({ ...place, vms: [vm] }, { report: silent, signal: new AbortController().signal });
    const [found] = value.vms;
    return found?.pid === undefined ? `${vm} was stopped.` : `The connection to ${vm} ended.`;
  } catch {
    return `The connection to ${vm} ended.`;
  }
}

function nextKey(): Promise<string> {
  const { stdin } = process;
  return new Promise((done) => {
    stdin.setRawMode(true);
    stdin.resume();
    const end = (text: string) => {
      stdin.off('end', gone);
      stdin.setRawMode(false);
      stdin.pause();
      done(text);
    };
    const gone = () => end('');
    stdin.once('end', gone);
    stdin.once('data', (bytes) => end(bytes.toString()));
  });
}
