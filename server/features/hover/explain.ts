import { dirname, resolve } from 'node:path';
import { pathKey } from '../../../runtime/config/pathKeys.ts';
import type { TomlPath } from '../../../runtime/config/toml/meaning/meaning.ts';
import type { Span } from '../../../runtime/config/toml/syntax.ts';
import { resolveOverlay } from '../../../runtime/config/vms/paths.ts';
import type { Analysis } from '../../documents/analysis.ts';
import { concerned, type EffectiveValue, effectiveValues } from '../../text/effective.ts';
import { detailOf, documentationOf, isRequired } from '../../text/keyDescriptions.ts';
import { type Schema, schemaAt } from '../../text/schema.ts';
import { code } from './code.ts';
import { rolesInWords } from './roles.ts';
import { type Subject, subjectAt } from './subject.ts';

export interface Explanation {
  readonly span: Span;
  /** Paragraphs of Markdown. */
  readonly paragraphs: readonly string[];
  /** The absolute path that the key leads to; the disk knows whether something is there. */
  readonly path?: PathTarget;
}

export interface PathTarget {
  readonly absolute: string;
  /** Castra makes it when it is needed. */
  readonly isMade: boolean;
}

/** What stands at an offset; undefined where there is nothing to say. */
export function explain(analysis: Analysis, offset: number): Explanation | undefined {
  const subject = subjectAt(analysis, offset);
  const schema = subject && schemaAt(analysis.schema, subject.path);
  // What has no description is a name of the user's own, such as a variable's.
  if (subject === undefined || schema?.description === undefined) return undefined;
  const path = pathOf(analysis, subject);
  const paragraphs = [
    titleOf(analysis, subject.path, schema),
    documentationOf(schema),
    ...rolesOf(analysis, subject.path),
    ...scriptsOf(analysis, subject.path),
    ...effectiveInWords(effectiveValues(analysis, subject.path), subject, path !== undefined),
  ];
  return { span: subject.span, paragraphs: paragraphs.filter((one) => one !== ''), ...(path ? { path } : {}) };
}

function titleOf(analysis: Analysis, path: TomlPath, schema: Schema): string {
  const key = path.findLast((part) => typeof part === 'string') ?? '';
  if (schema.type === 'object') return `**${key}**`;
  const detail = detailOf(schema, isRequired(schemaAt(analysis.schema, path.slice(0, -1)), String(key)));
  return detail === '' ? `**${key}**` : `**${key}** (${detail})`;
}

/** A role's table and name show what it starts; an instance's, what that one has. */
function rolesOf(analysis: Analysis, path: TomlPath): string[] {
  const { stateRoot } = analysis.draft;
  const names = path.filter((part) => typeof part === 'string').join('.');
  if (names === 'project.name') return [`State: ${code(stateRoot)}`];
  const isRole = (names === 'vms' && path.length === 2) || names === 'vms.name';
  const isInstance = (names === 'vms.instances' && path.length === 4) || names === 'vms.instances.id';
  return isRole || isInstance ? rolesInWords(concerned(analysis, path), stateRoot) : [];
}

/** The script of each VM, which has a place even where none is written. */
function scriptsOf(analysis: Analysis, path: TomlPath): string[] {
  const isBootstrap = path[0] === 'vms' && path.length === 3 && path[2] === 'bootstrap';
  if (!isBootstrap) return [];
  const values = effectiveValues(analysis, [...path, 'script']);
  const [first] = values;
  return first && values.every(({ value }) => value === first.value)
    ? [`Script: ${code(first.value)}`]
    : effectiveInWords(values, {}, false);
}

/** Where a key leads that is the same for everybody: an overlay of several replicas is not. */
function pathOf(analysis: Analysis, { path, written }: Subject): PathTarget | undefined {
  const key = pathKey(path);
  if (key === undefined || written === undefined || written === '' || !analysis.uri.startsWith('file:'))
    return undefined;
  if (/^#|\n|\0|^[a-z][a-z0-9+.-]+:\/\//i.test(written)) return undefined;
  const { configPath, stateRoot } = analysis.draft;
  const project = dirname(configPath);
  const { isMade = false } = key;
  if (key.name !== 'overlay') return { absolute: resolve(project, written), isMade };
  const isOne = concerned(analysis, path).length <= 1;
  return isOne ? { absolute: resolveOverlay(written, { project, stateRoot }), isMade } : undefined;
}

const MAX_GROUPS = 4;
const MAX_NAMES = 4;

/** Which VM has what, when that is not simply what is written, or said already as a path. */
function effectiveInWords(
  values: readonly EffectiveValue[],
  { written }: Pick<Subject, 'written'>,
  isSaid: boolean,
): string[] {
  const groups = groupByValue(values);
  const [only] = groups.keys();
  if (only === undefined) return [];
  if (groups.size === 1) {
    return isSaid || written === undefined || sameText(written, only) ? [] : [`Means ${code(only)}.`];
  }
  const shown = [...groups].slice(0, MAX_GROUPS).map(([value, vms]) => `- ${namesInWords(vms)}: ${code(value)}`);
  const rest = groups.size - shown.length;
  return [[...shown, ...(rest > 0 ? [`- and ${rest} more`] : [])].join('\n')];
}

function groupByValue(values: readonly EffectiveValue[]): Map<string, string[]> {
  const groups = new Map<string, string[]>();
  for (const { vm, value } of values) {
    const group = groups.get(value);
    if (group) group.push(vm);
    else groups.set(value, [vm]);
  }
  return groups;
}

const sameText = (a: string, b: string): boolean =>
  a.replaceAll(' ', '').toLowerCase() === b.replaceAll(' ', '').toLowerCase();

function namesInWords(vms: readonly string[]): string {
  const rest = vms.length - MAX_NAMES;
  const names = vms.slice(0, MAX_NAMES).map(code);
  return [...names, ...(rest > 0 ? [`${rest} more`] : [])].join(', ');
}
