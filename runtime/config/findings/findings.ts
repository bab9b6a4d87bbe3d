import type { DiagnosticCode } from '../../contract/diagnosticCodes.ts';
import type { Diagnostic, RelatedLocation } from '../../contract/diagnostics.ts';
import type { Severity } from '../../contract/vocabulary.ts';
import { nodeAt, type TomlPath, valueSpan } from '../toml/meaning/meaning.ts';
import { type LineIndex, rangeOf } from '../toml/positions.ts';
import type { Span } from '../toml/syntax.ts';
import type { TableNode } from '../toml/tree.ts';

/** Which part of what stands at a path is at fault. */
export type Part = 'key' | 'value';

export interface Finding {
  readonly severity: Severity;
  readonly code: DiagnosticCode;
  readonly message: string;
  readonly help?: string;
  readonly path: TomlPath;
  readonly part?: Part;
  /** The other end of a conflict. */
  readonly related?: RelatedPath | readonly RelatedPath[];
}

export interface RelatedPath {
  readonly path: TomlPath;
  readonly message: string;
}

/** Collects findings and turns their paths into ranges of the text. */
export interface Findings {
  /**
   * The same code at the same path is the same fault, however many replicas have it: the first report counts. A value
   * whose text is broken has its syntax error, and nothing is to be concluded from what was saved of it.
   */
  report(finding: Finding): void;
  /** For findings that come with offsets of their own. */
  reportSpan(span: Span, finding: Omit<Diagnostic, 'range' | 'path' | 'related'>, related?: Span): void;
  /** Whether the text has something at a path, if only a key without a value. */
  isMentioned(path: TomlPath): boolean;
  /** In the order of the text. */
  list(): Diagnostic[];
}

export function collectFindings(tree: TableNode, text: string, index: LineIndex, configPath: string): Findings {
  const diagnostics: Diagnostic[] = [];
  const range = (span: Span) => rangeOf(index, span.from, span.to);
  const reported = new Set<string>();
  const spanOf = (path: TomlPath, part: Part): Span => spanAt(tree, path, part) ?? firstLine(text);
  return {
    report({ path, part = 'value', related, ...finding }) {
      const fault = JSON.stringify([finding.code, ...path]);
      if (reported.has(fault) || (part === 'value' && isUnfinished(tree, path))) return;
      reported.add(fault);
      const others: RelatedLocation[] = [related ?? []]
        .flat()
        .filter((other) => exists(tree, other.path))
        .map(({ message, path }) => ({ message, path: configPath, range: range(spanOf(path, 'value')) }));
      diagnostics.push({
        ...finding,
        path: configPath,
        range: range(spanOf(path, part)),
        ...(others.length > 0 ? { related: others } : {}),
      });
    },
    reportSpan(span, finding, related) {
      const others = related ? [{ message: 'First defined here.', path: configPath, range: range(related) }] : [];
      diagnostics.push({
        ...finding,
        path: configPath,
        range: range(span),
        ...(others.length > 0 ? { related: others } : {}),
      });
    },
    isMentioned: (path) => exists(tree, path),
    list: () => inOrder(diagnostics),
  };
}

function exists(tree: TableNode, path: TomlPath): boolean {
  return nodeAt(tree, path).rest.length === 0;
}

/** Whether the text of a value is missing, invalid or open at its end. */
export function isUnfinished(tree: TableNode, path: TomlPath): boolean {
  const { node, rest } = nodeAt(tree, path);
  if (rest.length > 0 || node.kind === 'tableArray' || node.value === undefined) return false;
  const { value } = node;
  return value.kind === 'missing' || value.kind === 'invalid' || ('isOpen' in value && value.isOpen);
}

/**
 * Where a path is, or the last of it that exists. A table that headers define has no value of its own: its header
 * stands for it. A table in an array has no name of its own: its braces stand for it.
 */
export function spanAt(tree: TableNode, path: TomlPath, part: Part): Span | undefined {
  const location = nodeAt(tree, path);
  const { node, key, keyValue, header } = location;
  const isItem = node.kind === 'table' && keyValue !== undefined && node.value !== keyValue.value;
  return part === 'key' && !isItem ? (key ?? header) : (valueSpan(location) ?? key);
}

/** For what concerns the whole document, such as a missing table. */
function firstLine(text: string): Span {
  const end = text.search(/[\r\n]/);
  return { from: 0, to: end < 0 ? text.length : end };
}

/** In the order of the text. */
export function inOrder(diagnostics: readonly Diagnostic[]): Diagnostic[] {
  return diagnostics.toSorted(byPosition);
}

function byPosition(a: Diagnostic, b: Diagnostic): number {
  const [left, right] = [a.range?.start, b.range?.start];
  if (!left || !right) return 0;
  return left.line - right.line || left.column - right.column;
}
