import { basename, dirname } from 'node:path';
import { namesOfProject } from '../../../runtime/config/bootstrap/bootstrapProject.ts';
import { DEFAULTS } from '../../../runtime/config/defaults.ts';
import { pathKey } from '../../../runtime/config/pathKeys.ts';
import type { TomlPath } from '../../../runtime/config/toml/meaning/meaning.ts';
import type { TableNode } from '../../../runtime/config/toml/tree.ts';
import { slugify } from '../../../runtime/config/vms/names.ts';
import type { Analysis } from '../../documents/analysis.ts';
import { plainText } from '../../text/keyDescriptions.ts';
import { integerAt, rowsAt, stringAt } from '../../text/nodes.ts';
import { allowedWords, meaningsOf, type Schema, schemaAt } from '../../text/schema.ts';
import { freeHostPorts } from './ports.ts';

/** A value that fits a place, as TOML data. */
export interface Idea {
  readonly value: string | number | boolean;
  readonly detail?: string;
  /** Where something is still to be written, as a snippet of the string's content. */
  readonly open?: boolean;
}

const words = (...values: readonly (string | number)[]): Idea[] => values.map((value) => ({ value }));

const MEMORY = words('512 MiB', '1 GiB', '2 GiB', '4 GiB', '8 GiB', '16 GiB');
const DISKS = words('10 GiB', '20 GiB', '40 GiB', '80 GiB');
const PROCESSORS = words(1, 2, 4, 8);

/** By the names on the way to a value, without the rows of lists. */
const fixed: Readonly<Record<string, readonly Idea[]>> = {
  version: [{ value: '0.2.0', detail: 'the newest' }],
  'vms.cpus': PROCESSORS,
  'vms.instances.cpus': PROCESSORS,
  'vms.memory': MEMORY,
  'vms.instances.memory': MEMORY,
  'vms.overlay_size': DISKS,
  'vms.instances.overlay_size': DISKS,
  'images.max_size': words('16 GiB', '64 GiB', '128 GiB', '256 GiB'),
  'logs.max_size': words('1 MiB', '16 MiB', '64 MiB', '256 MiB'),
  'vms.ssh_user': [{ value: 'alpine', detail: 'of the default image' }, { value: 'root' }],
  'vms.ready': [
    { value: 'ssh', detail: 'its SSH server answers' },
    { value: 'serial:', detail: 'a line on its serial console matches', open: true },
    { value: 'none', detail: 'its process runs' },
  ],
  remote_dir: words(DEFAULTS.bootstrap.remote_dir),
  ...forwards('vms.port_forwards'),
  ...forwards('vms.instances.port_forwards'),
};

function forwards(path: string): Record<string, Idea[]> {
  const guest = [
    { value: 80, detail: 'HTTP' },
    { value: 443, detail: 'HTTPS' },
    { value: 22, detail: 'SSH' },
    { value: 5432, detail: 'PostgreSQL' },
    { value: 8080 },
  ];
  const bind = [
    { value: '127.0.0.1', detail: 'this host only' },
    { value: '0.0.0.0', detail: 'open to the network' },
  ];
  return { [`${path}.guest`]: guest, [`${path}.bind`]: bind };
}

export const namesOf = (path: TomlPath): string => path.filter((part) => typeof part === 'string').join('.');

/** Values that fit a place, the likeliest first. */
export function ideasFor(analysis: Analysis, path: TomlPath, schema: Schema): Idea[] {
  const name = namesOf(path);
  const found = [...(fixed[name] ?? []), ...computed(analysis, path, name), ...allowed(schema)];
  if (schema.type === 'boolean') found.push({ value: true }, { value: false });
  const { default: fallback } = schema;
  const isScalar = ['string', 'number', 'boolean'].includes(typeof fallback);
  const isListed = found.some(({ value }) => value === fallback);
  if (isScalar && !isListed) found.push({ value: fallback as string | number | boolean });
  return found.map((idea) => (idea.value === fallback ? { ...idea, detail: asDefault(idea) } : idea));
}

/** The words of the schema, with what they mean in a few words. */
function allowed(schema: Schema): Idea[] {
  const meanings = meaningsOf(schema);
  return allowedWords(schema).map((value, index) => {
    const detail = plainText(meanings[index] ?? '').replace(/\.$/, '');
    return detail === '' ? { value } : { value, detail };
  });
}

/** Whether there is something to choose from once a key was written, so that asking at once is worth it. */
export function hasIdeas(analysis: Analysis, path: TomlPath): boolean {
  const schema = schemaAt(analysis.schema, path);
  if (schema === undefined) return false;
  if (schema.type === 'array') return hasIdeas(analysis, [...path, 0]);
  const [first] = schema.required ?? [];
  if (first !== undefined) return hasIdeas(analysis, [...path, first]);
  if (schema.type === 'object') return schema.properties !== undefined;
  return pathKey(path) !== undefined || ideasFor(analysis, path, schema).length > 0;
}

const asDefault = ({ detail }: Idea) => (detail === undefined ? 'default' : `default: ${detail}`);

function computed(analysis: Analysis, path: TomlPath, name: string): Idea[] {
  switch (name) {
    case 'project.name':
      return words(slugify(basename(dirname(analysis.draft.configPath)), 'project'));
    case 'handshake_identity':
      return identityIdeas(analysis);
    case 'vms.name':
      return roleIdeas(analysis, path.slice(0, -1));
    case 'vms.needs':
      return typeof path.at(-1) === 'number' ? words(...needableNames(analysis, path)) : [];
    case 'steps.needs':
      return typeof path.at(-1) === 'number' ? identityIdeas(analysis).reverse() : [];
    case 'vms.instances.id':
      return words(...missingIds(analysis, path));
    case 'vms.port_forwards.host':
    case 'vms.instances.port_forwards.host': {
      const free = freeHostPorts(analysis, path.slice(0, -1)).map((value) => ({ value, detail: 'free in this file' }));
      return [...free, { value: 0, detail: 'any free port when the VM starts' }];
    }
    default:
      return [];
  }
}

/** Roles first, then single VMs; not the own ones, and none that is in the list already. */
function needableNames({ placed, syntax }: Analysis, path: TomlPath): string[] {
  const list = path.slice(0, -1);
  const own = path.at(-1);
  const present = Array.from({ length: rowsAt(syntax.tree, list) }, (_, at) =>
    at === own ? undefined : stringAt(syntax.tree, [...list, at]),
  );
  const others = placed.filter((one) => one.path[1] !== path[1] && one.vm.role !== '').map(({ vm }) => vm);
  const names = new Set([...others.map(({ role }) => role), ...others.slice(0, MAX_IDS).map(({ name }) => name)]);
  return [...names].filter((name) => !present.includes(name));
}

/** The VM that the folder is called after comes first. */
function identityIdeas({ placed, draft }: Analysis): Idea[] {
  const own = basename(dirname(draft.configPath));
  const names = namesOfProject(placed);
  return words(...names.filter((name) => name === own), ...names.filter((name) => name !== own));
}

const MAX_IDS = 50;

/** Instances of the role that no table describes yet; the one under the cursor counts as undescribed. */
function missingIds({ syntax, draft }: Analysis, path: TomlPath): string[] {
  const [, row] = path;
  const role = stringAt(syntax.tree, ['vms', row ?? 0, 'name']);
  if (role === undefined || typeof row !== 'number' || /^0\.1\b/.test(draft.version)) return [];
  const described = new Set(idsOf(syntax.tree, path.slice(0, 3), Number(path[3])));
  const count = integerAt(syntax.tree, ['vms', row, 'count']) ?? 1;
  const ids: string[] = [];
  for (let index = 0; index < count && ids.length < MAX_IDS; index++) {
    const id = `${role}-${index}`;
    if (!described.has(id)) ids.push(id);
  }
  return ids;
}

/** The role that the instances of a VM without a name speak of. */
function roleIdeas({ syntax }: Analysis, vm: TomlPath): Idea[] {
  const ids = idsOf(syntax.tree, [...vm, 'instances'], -1);
  return words(...new Set(ids.flatMap((id) => /^(.+)-\d+$/.exec(id)?.[1] ?? [])));
}

function idsOf(tree: TableNode, instances: TomlPath, except: number): string[] {
  const ids = Array.from({ length: rowsAt(tree, instances) }, (_, row) =>
    row === except ? undefined : stringAt(tree, [...instances, row, 'id']),
  );
  return ids.filter((id) => id !== undefined);
}
