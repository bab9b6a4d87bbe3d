import type { Section } from '../../../runtime/config/toml/syntax.ts';
import { basicString } from '../../../runtime/config/toml/write.ts';
import type { Fix, FixMaker, TextChange } from './fix.ts';
import { indentAt, lineBreak } from './lines.ts';

/** `[vms.web]`, as in Compose, to `[[vms]]` with `name = "web"`; the tables below each follow it. */
export const namedTables: FixMaker = ({ syntax, text }): readonly Fix[] => {
  const sections = syntax.document.root.sections.filter(({ header }) => header.key?.parts[0]?.text === 'vms');
  let current: string | undefined;
  const changes: TextChange[] = [];
  for (const section of sections) {
    const { header, entries } = section;
    const [, name, inner] = header.key?.parts ?? [];
    if (name === undefined || !header.isClosed) return [];
    if (inner !== undefined) {
      // The table of another VM would become one of the VM above it.
      if (name.text !== current) return [];
      changes.push({ from: name.from, to: inner.from, text: '' });
      continue;
    }
    if (header.isArray) return [];
    current = name.text;
    const entry = `${lineBreak(text)}${indentAt(text, header.from)}name = ${basicString(name.text)}`;
    changes.push({ from: header.from, to: header.to, text: `[[vms]]${hasName(entries) ? '' : entry}` });
  }
  return changes.length === 0
    ? []
    : [{ title: 'Write each as `[[vms]]` with a `name`', changes, isPreferred: true, claim: 'header vms' }];
};

const hasName = (entries: Section['entries']): boolean => entries.some(({ key }) => key.parts[0]?.text === 'name');
