import { dirname, join, relative, sep } from 'node:path';
import { TASK_TYPE } from '../ids.ts';

/** As package.json declares it for tasks.json. */
export interface CastraTask {
  readonly type: typeof TASK_TYPE;
  readonly command: TaskCommand;
  readonly vms?: readonly string[];
  /** From the workspace folder. */
  readonly config?: string;
}

const taskCommands = ['up', 'down', 'status', 'validate', 'clean'] as const;
export type TaskCommand = (typeof taskCommands)[number];

/** What is offered by itself; `clean` removes files, so the user has to write that task. */
const OFFERED: readonly TaskCommand[] = ['up', 'down', 'status', 'validate'];
/** The others are about a whole project. */
const OF_VMS: readonly TaskCommand[] = ['up', 'down'];
/** They print findings with their places. */
const WITH_FINDINGS: readonly TaskCommand[] = ['up', 'validate'];

export interface PlannedTask {
  readonly name: string;
  readonly definition: CastraTask;
}

/** The tasks of the projects in a workspace folder; its own castra.toml needs no `config`. */
export function planTasks(folder: string, configs: readonly string[]): PlannedTask[] {
  return configs
    .filter((path) => isBelow(path, folder))
    .flatMap((path) => {
      const config = relative(folder, path).split(sep).join('/');
      const isTop = dirname(path) === folder;
      return OFFERED.map((command) => ({
        name: isTop ? command : `${command} ${dirname(config)}`,
        definition: { type: TASK_TYPE, command, ...(isTop ? {} : { config }) },
      }));
    });
}

const isBelow = (path: string, folder: string): boolean =>
  path.startsWith(folder.endsWith(sep) ? folder : folder + sep);

/** What the user wrote into tasks.json, when it is one of our tasks and can be run. */
export function readTask(definition: unknown): CastraTask | undefined {
  if (typeof definition !== 'object' || definition === null) return undefined;
  const { type, command, vms = [], config } = definition as Partial<Record<keyof CastraTask, unknown>>;
  const known = taskCommands.find((one) => one === command);
  if (type !== TASK_TYPE || known === undefined) return undefined;
  if (!Array.isArray(vms) || !vms.every((vm) => typeof vm === 'string')) return undefined;
  if (config !== undefined && typeof config !== 'string') return undefined;
  return { type, command: known, ...(vms.length > 0 ? { vms } : {}), ...(config ? { config } : {}) };
}

/**
 * The arguments of the command line, run in `folder`. Without `config` it takes the castra.toml of that folder or above,
 * and where there is none the only one of the projects in it. Names come after `--`: none is taken for a flag.
 */
export function taskArguments(
  { command, vms = [], config }: CastraTask,
  folder: string,
  configs: readonly string[],
): string[] {
  const path = config ?? onlyConfig(folder, configs);
  const names = OF_VMS.includes(command) ? vms : [];
  return [command, ...(path === undefined ? [] : ['--config', path]), ...(names.length > 0 ? ['--', ...names] : [])];
}

function onlyConfig(folder: string, configs: readonly string[]): string | undefined {
  const [only, ...others] = configs.filter((path) => isBelow(path, folder));
  return only === undefined || others.length > 0 || only === join(folder, 'castra.toml') ? undefined : only;
}

export const hasFindings = ({ command }: CastraTask): boolean => WITH_FINDINGS.includes(command);
