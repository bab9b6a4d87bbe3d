import { CONTRACT, encodeLine, type StreamLine } from '../../contract/stream.ts';
import type { Face } from '../face.ts';

/** NDJSON on standard output (stream.ts). Synchronous enough: Node keeps the order of writes. */
export function jsonFace(command: string): Face {
  const write = (line: StreamLine) => process.stdout.write(encodeLine(line));
  write({ type: 'stream.started', contract: CONTRACT, castra: CASTRA_VERSION, command, pid: process.pid });
  return {
    event: (event) => write({ ...event, at: new Date().toISOString() }),
    completed({ value }, exitCode) {
      write({ type: 'command.completed', outcome: value, exitCode });
    },
    failed: (failure, message, exitCode) => {
      write({ type: 'command.failed', failure, message, exitCode });
    },
  };
}
