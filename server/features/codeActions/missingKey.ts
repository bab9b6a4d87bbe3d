import { basename, dirname } from 'node:path';
import { meantKey } from '../../../runtime/config/findings/synonyms.ts';
import type { TomlPath } from '../../../runtime/config/toml/meaning/meaning.ts';
import { slugify } from '../../../runtime/config/vms/names.ts';
import type { Analysis } from '../../documents/analysis.ts';
import { isNewFile, namesWritten, neededByFile } from '../../text/newFile.ts';
import { schemaAt } from '../../text/schema.ts';
import { ideasFor } from '../completion/ideas.ts';
import { addAbove, addBelow, addEntry } from './addEntry.ts';
import type { Fix, FixMaker, TextChange } from './fix.ts';
import { tableAt, tablePathAt } from './places.ts';

/** Adds what a table needs, with a value that is right or easily made so. */
export const addMissingKey: FixMaker = (analysis, { finding, span }) => {
  const key = /needs `([^`]+)`\.$/.exec(finding.message)?.[1];
  if (key === undefined) return [];
  if (neededByFile(finding) !== undefined) return isMisspelled(analysis, [], key) ? [] : addToFile(analysis, key);
  const path = tablePathAt(analysis, span.from);
  const value = path && valueFor(analysis, [...path, key]);
  if (path === undefined || value === undefined || isMisspelled(analysis, path, key)) return [];
  const entry = `${key} = ${value}`;
  const isFirst = schemaAt(analysis.schema, path)?.required?.[0] === key;
  const change = addEntry(analysis, path, entry, isFirst);
  if (change === undefined) return [];
  return [
    { title: `Add \`${entry}\``, changes: [change], isPreferred: true, claim: `value ${claimOf(path, key, value)}` },
  ];
};

/** Whether a table has a key that means nothing and was surely meant to be this one. */
function isMisspelled(analysis: Analysis, path: TomlPath, key: string): boolean {
  const table = tableAt(analysis, path);
  const known = schemaAt(analysis.schema, path)?.properties ?? {};
  return [...(table?.entries.keys() ?? [])].some(
    (name) => !Object.hasOwn(known, name) && meantKey(name, [key]) === key,
  );
}

/** Two VMs, forwards or replicas must not get the same name, port or number; two guests may have the same port. */
function claimOf(path: TomlPath, key: string, value: string): string {
  return key === 'guest' ? `${path.join('.')} guest` : `${key} ${value}`;
}

function addToFile(analysis: Analysis, key: string): Fix[] {
  const { document } = analysis.syntax;
  const isCut = document.errors.some(({ code }) => code === 'unterminated-string' || code.startsWith('unclosed'));
  // A file in JSON is rewritten as a whole.
  if (isCut || analysis.text.trimStart().startsWith('{')) return [];
  const needed = isNewFile(analysis) ? neededKeys(analysis) : [];
  // A new file gets all that it needs at once.
  if (needed.length > 1) return key === needed[0] ? [beginFile(analysis, needed)] : [];
  const [first] = document.root.sections;
  const [entry] = document.root.entries;
  const add = (title: string, change: TextChange): Fix[] => [
    { title, changes: [change], isPreferred: true, claim: `place ${change.from}` },
  ];
  switch (key) {
    case 'version': {
      const gap = entry === undefined && first !== undefined ? [''] : [];
      return add('Add `version = "0.2.0"`', addAbove(analysis, (entry ?? first)?.from, ['version = "0.2.0"', ...gap]));
    }
    case 'project': {
      const lines = ['[project]', `name = "${projectName(analysis)}"`];
      const change = first ? addAbove(analysis, first.from, [...lines, '']) : addBelow(analysis, lines);
      return add('Add a `[project]` table', change);
    }
    case 'vms':
      return add('Add a `[[vms]]` table', addBelow(analysis, ['[[vms]]', 'name = "vm"']));
    default:
      return [];
  }
}

function neededKeys(analysis: Analysis): string[] {
  const needed = analysis.diagnostics.flatMap((finding) => neededByFile(finding) ?? []);
  return needed.filter((key) => !isMisspelled(analysis, [], key));
}

/** A version goes above what is there, tables below it. */
function beginFile(analysis: Analysis, needed: readonly string[]): Fix {
  const { sections, entries } = analysis.syntax.document.root;
  const [version, first] = ['version = "0.2.0"', entries[0] ?? sections[0]];
  const tables = [
    needed.includes('project') ? ['[project]', `name = "${projectName(analysis)}"`, ''] : [],
    needed.includes('vms') ? ['[[vms]]', 'name = "vm"', ''] : [],
  ].flat();
  const isAbove = needed.includes('version') && first !== undefined;
  const gap = entries[0] === undefined ? [''] : [];
  const isBelow = needed.includes('version') && first === undefined;
  const below = [...(isBelow ? [version, ''] : []), ...tables].slice(0, -1);
  const changes = [
    ...(isAbove ? [addAbove(analysis, first.from, [version, ...gap])] : []),
    ...(below.length > 0 ? [addBelow(analysis, below)] : []),
  ];
  return { title: `Add ${namesWritten(needed)}`, changes, isPreferred: true, claim: 'file' };
}

const projectName = ({ draft }: Analysis): string => slugify(basename(dirname(draft.configPath)), 'project');

function valueFor(analysis: Analysis, path: TomlPath): string | undefined {
  const schema = schemaAt(analysis.schema, path);
  if (schema === undefined) return undefined;
  const key = path.at(-1);
  const [idea] = ideasFor(analysis, path, schema);
  if (key === 'name' && path[0] === 'vms') return JSON.stringify(freeName(analysis, idea?.value));
  return idea && JSON.stringify(idea.value);
}

function freeName({ placed }: Analysis, wanted: unknown): string {
  const taken = new Set(placed.flatMap(({ vm }) => [vm.role, vm.name]));
  const base = typeof wanted === 'string' ? wanted : 'vm';
  let name = base;
  for (let number = 2; taken.has(name); number++) name = `${base}${number}`;
  return name;
}
