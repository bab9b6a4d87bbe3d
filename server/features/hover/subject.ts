import type { TomlPath } from '../../../runtime/config/toml/meaning/meaning.ts';
import type { Header, Span, Value } from '../../../runtime/config/toml/syntax.ts';
import type { Analysis } from '../../documents/analysis.ts';
import { type Cursor, cursorAt } from '../../text/cursor.ts';
import { sectionPath } from '../../text/sections.ts';

/** What the cursor points at. */
export interface Subject {
  readonly span: Span;
  /** Of the key or table that it is about; rows of lists as numbers. */
  readonly path: TomlPath;
  /** What is written as its value, when that is a text or a whole number. */
  readonly written?: string;
}

/** Undefined for blanks, comments, brackets and what is not written yet. */
export function subjectAt(analysis: Analysis, offset: number): Subject | undefined {
  const { document, tree } = analysis.syntax;
  const cursor = cursorAt(document, tree, offset);
  switch (cursor.kind) {
    case 'comment':
      return undefined;
    case 'header':
      return inHeader(analysis, cursor.header, offset);
    case 'key':
      return inKey(cursor);
    case 'value':
      return inValue(cursor, offset);
  }
}

/** The parts of a header before the one pointed at lead to the same rows as the whole header does. */
function inHeader(analysis: Analysis, header: Header, offset: number): Subject | undefined {
  const parts = header.key?.parts ?? [];
  const index = parts.findIndex(({ from, to }) => from <= offset && offset <= to);
  const span = parts[index];
  const section = analysis.syntax.document.root.sections.find((one) => one.header === header);
  if (span === undefined || section === undefined) return undefined;
  let names = 0;
  const path = sectionPath(analysis.syntax.tree, section);
  const length = path.findIndex((segment) => typeof segment === 'string' && ++names > index + 1);
  return { span, path: length < 0 ? path : path.slice(0, length) };
}

function inKey({ table, part, entry }: Extract<Cursor, { kind: 'key' }>): Subject | undefined {
  const found = entry?.key.parts.find(({ from, to }) => from === part.from && to === part.to);
  if (entry === undefined || found === undefined || found.to === found.from) return undefined;
  const isLast = found === entry.key.parts.at(-1);
  return { span: found, path: [...table, found.text], ...(isLast ? writtenIn(entry.value) : {}) };
}

function inValue({ value, path }: Extract<Cursor, { kind: 'value' }>, offset: number): Subject | undefined {
  const isPlace = value.kind === 'missing' || value.kind === 'array' || value.kind === 'inline';
  if (isPlace || offset < value.from || offset > value.to) return undefined;
  // An item of a list of texts is explained by the list's key.
  const about = typeof path.at(-1) === 'number' ? path.slice(0, -1) : path;
  return { span: value, path: about, ...writtenIn(value) };
}

function writtenIn(value: Value): Pick<Subject, 'written'> {
  return value.kind === 'string' || value.kind === 'integer' ? { written: String(value.value) } : {};
}
