import type { Face } from '../face.ts';
import { logNote, logPrefix } from './logLine.ts';
import { harmless } from './print.ts';
import { plainDisplay, textFace } from './text.ts';

/** One write per so many characters: a write per line would be most of the work. */
const WRITE_CHARACTERS = 64 * 1024;

/** Log lines for people and pipes. Written together, at the latest when the operation waits for something. */
export function logFace(stream: NodeJS.WriteStream, { prefix }: { readonly prefix: boolean }): Face {
  const prefixes = new Map<string, string>();
  let text = '';
  let planned: NodeJS.Immediate | undefined;
  const flush = () => {
    clearImmediate(planned);
    planned = undefined;
    if (text !== '' && stream.writable) stream.write(text);
    text = '';
  };
  const base = textFace({ outcome: () => '' });
  return {
    event(event) {
      if (event.type === 'log.line') {
        if (prefix && !prefixes.has(event.source)) prefixes.set(event.source, `${logPrefix(event, stream)} `);
        text += `${prefixes.get(event.source) ?? ''}${harmless(event.text, stream)}\n`;
        if (text.length >= WRITE_CHARACTERS) flush();
        else planned ??= setImmediate(flush);
      } else if (event.type === 'log.source') {
        flush();
        const note = logNote(event);
        const target = event.state === 'empty' || event.state === 'missing' ? stream : process.stderr;
        if (note !== undefined) target.write(`${logPrefix(event, target)} ${note}\n`);
      } else {
        flush();
        plainDisplay.show(event);
      }
    },
    completed(output, exitCode) {
      flush();
      base.completed(output, exitCode);
    },
    failed(failure, message, exitCode) {
      flush();
      // Ctrl-C is how following ends: nothing went wrong.
      if (failure.kind !== 'cancelled') return base.failed(failure, message, exitCode);
    },
  };
}
