import { stripVTControlCharacters } from 'node:util';

/** Finds a line of a console, which comes in pieces. */
export interface LinePattern {
  /** What matched in a line that this piece ends, or in the line that it leaves open; undefined for none. */
  find(text: string): string | undefined;
}

/** No line that a person would look for is longer; what is, is matched in parts of this length. */
const MAX_LINE = 4096;

/**
 * `ready = "serial:…"`: matched with RE2's engine, in time linear to the text. With JavaScript's, `(\S+\s*)+login:`
 * needs longer than the universe for one long line without a prompt, and nothing else in the process runs meanwhile.
 * Throws what is wrong with a pattern that RE2 does not know; `explainPattern` (config) refuses these beforehand.
 */
export async function linePattern(pattern: string): Promise<LinePattern> {
  const { RE2JS } = await import('re2js');
  const compiled = RE2JS.compile(pattern, RE2JS.MULTILINE);
  let open = '';
  const match = (line: string): string | undefined => {
    const matcher = compiled.matcher(line);
    return matcher.find() ? (matcher.group() ?? '') : undefined;
  };
  return {
    find(text) {
      const lines = (open + plain(text)).split('\n').flatMap(inParts);
      open = lines.at(-1) ?? '';
      for (const line of lines) {
        const found = match(line);
        if (found !== undefined) return found;
      }
      return undefined;
    },
  };
}

/** As a person sees it; what a terminal would overwrite (a lone carriage return) is a line of its own. */
const plain = (text: string): string => stripVTControlCharacters(text).replaceAll(/\r+\n?/g, '\n');

function inParts(line: string): string[] {
  if (line.length <= MAX_LINE) return [line];
  return Array.from({ length: Math.ceil(line.length / MAX_LINE) }, (_, at) =>
    line.slice(at * MAX_LINE, (at + 1) * MAX_LINE),
  );
}
