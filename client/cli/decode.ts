import type { StreamLine } from '../../runtime/contract/stream.ts';

/** Cuts a child's output into the lines of its stream. Lines that are not ours are passed to `other`. */
export function lineDecoder(onLine: (line: StreamLine) => void, other: (text: string) => void) {
  let rest = '';
  const take = (text: string) => {
    if (text.trim() === '') return;
    const line = parse(text);
    if (line) onLine(line);
    else other(text);
  };
  return {
    write(chunk: string) {
      const lines = (rest + chunk).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) take(line);
    },
    end() {
      take(rest);
      rest = '';
    },
  };
}

function parse(text: string): StreamLine | undefined {
  try {
    const value: unknown = JSON.parse(text);
    const isLine = typeof value === 'object' && value !== null && 'type' in value && typeof value.type === 'string';
    return isLine ? (value as StreamLine) : undefined;
  } catch {
    return undefined;
  }
}
