import type { Diagnostic } from '../../contract/diagnostics.ts';
import type { Severity } from '../../contract/vocabulary.ts';
import { type Color, formatPath, painter } from './format.ts';
import { print } from './print.ts';

const colors: Readonly<Record<Severity, Color>> = { error: 'red', warning: 'yellow', info: 'cyan' };

/** `file:line:col: severity: message [code]`, as compilers do, then the help and the other end of a conflict. */
export function renderDiagnostic(diagnostic: Diagnostic, stream: NodeJS.WriteStream): string {
  const paint = painter(stream);
  const { severity, message, code, help, path, range, related } = diagnostic;
  const place = path && range ? `${formatPath(path)}:${range.start.line}:${range.start.column}: ` : '';
  const others = (related ?? []).map(
    (other) =>
      `    ${formatPath(other.path ?? path ?? '')}:${other.range.start.line}:${other.range.start.column}: ${other.message}`,
  );
  const lines = [
    `${place}${paint(colors[severity], `${severity}:`)} ${message} ${paint('dim', `[${code}]`)}`,
    ...(help ? [`    ${help}`] : []),
    ...others,
  ];
  return `${lines.join('\n')}\n`;
}

/** Findings go to standard error, so that a command's own output can be piped. */
export function printDiagnostics(diagnostics: readonly Diagnostic[]): void {
  for (const diagnostic of diagnostics) print(process.stderr, renderDiagnostic(diagnostic, process.stderr));
}
