import { relative } from 'node:path';

export { formatBytes } from '../../contract/bytes.ts';

/** `0s`, `350ms`, `2.4s`, `20s`, `3m 05s`. */
export function formatDuration(ms: number): string {
  if (ms > 0 && ms < 1000) return `${Math.round(ms)}ms`;
  const seconds = ms / 1000;
  if (seconds >= 60) return `${Math.floor(seconds / 60)}m ${String(Math.floor(seconds % 60)).padStart(2, '0')}s`;
  return Number.isInteger(seconds) ? `${seconds}s` : `${seconds.toFixed(1)}s`;
}

/** `HH:MM:SS`; hours may exceed two digits. */
export function formatClock(ms: number): string {
  const seconds = Math.floor(ms / 1000);
  const parts = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
  return parts.map((part) => String(part).padStart(2, '0')).join(':');
}

/** A path as one would type it from here, when that is shorter. */
export function formatPath(path: string): string {
  const near = relative(process.cwd(), path);
  return near !== '' && near.length < path.length ? near : path;
}

export type Color = 'red' | 'green' | 'yellow' | 'blue' | 'magenta' | 'cyan' | 'dim' | 'bold';

const codes: Readonly<Record<Color, readonly [number, number]>> = {
  red: [31, 39],
  green: [32, 39],
  yellow: [33, 39],
  blue: [34, 39],
  magenta: [35, 39],
  cyan: [36, 39],
  dim: [2, 22],
  bold: [1, 22],
};

/** Whether colours are shown and wanted (https://no-color.org). */
export function wantsColors(stream: NodeJS.WriteStream): boolean {
  return stream.isTTY === true && !process.env.NO_COLOR && process.env.TERM !== 'dumb';
}

/** Paints text when the stream is a terminal that wants colours. */
export function painter(stream: NodeJS.WriteStream): (color: Color, text: string) => string {
  const wanted = wantsColors(stream);
  return (color, text) => (wanted ? `\u001b[${codes[color][0]}m${text}\u001b[${codes[color][1]}m` : text);
}
