/** Lines that can be run, each with a note. */
type Examples = readonly (readonly [line: string, note?: string])[];

/** The section that the help of a command ends with. */
export function exampleText(examples: Examples): string {
  const width = Math.max(...examples.map(([line]) => line.length));
  const shown = examples.map(([line, note]) => `  ${note ? `${line.padEnd(width)}  # ${note}` : line}`);
  return ['', 'Examples:', ...shown].join('\n');
}
