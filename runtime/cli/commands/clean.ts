import { resolve } from 'node:path';
import { type Command, Option } from 'commander';
import type { CleanOutcome, CleanScope } from '../../contract/clean.ts';
import { CastraError } from '../../contract/failures.ts';
import type { Run } from '../../operations/run.ts';
import { type GlobalFlags, readContext } from '../arguments.ts';
import { exampleText } from '../examples.ts';
import type { Finish } from '../finish.ts';
import { renderCleanOutcome } from '../render/cleanup.ts';
import { textFace } from '../render/text.ts';
import { runSession } from '../session.ts';

interface Flags extends GlobalFlags {
  readonly global?: boolean;
  readonly stateRoot?: string;
  readonly dryRun?: boolean;
  readonly logs: boolean;
  readonly handshakes: boolean;
  readonly kept?: boolean;
  readonly images?: boolean;
  readonly force?: boolean;
}

const SOMETHING_STAYED = 1;

export function addClean(program: Command, finish: Finish): void {
  program
    .command('clean')
    .description('remove what stopped VMs left behind: disks, logs, sockets; exits with 1 if a file cannot be removed')
    .addOption(new Option('--global', 'clean every known project (`castra list`)').conflicts('stateRoot'))
    .option('--state-root <path>', 'clean this state root, even if its castra.toml is gone')
    .option('--dry-run', 'only list what would be removed')
    .option('--no-logs', 'do not remove logs')
    .option('--no-handshakes', 'do not remove what guests reported about themselves')
    .option('--kept', 'also remove kept overlays (`down --keep-overlay`)')
    .option('--images', 'also remove unused cached images, as `castra images prune` does')
    .option('--force', 'stop running VMs first, instead of refusing')
    .addHelpText(
      'after',
      exampleText([
        ['castra clean --dry-run', 'what would be removed, and why the rest stays'],
        ['castra clean --no-logs'],
        ['castra clean --global --images', 'everything that is no longer needed'],
      ]),
    )
    .action(async (_flags: object, command: Command) => {
      const { config, settings, json } = readContext(command);
      const flags = command.optsWithGlobals<Flags>();
      const options = {
        scope: readScope(flags) ?? { kind: 'project' as const, config },
        settings,
        dryRun: flags.dryRun ?? false,
        keepLogs: !flags.logs,
        keepHandshakes: !flags.handshakes,
        kept: flags.kept ?? false,
        images: flags.images ?? false,
        force: flags.force ?? false,
      };
      const code = await runSession({
        command: 'clean',
        json,
        face: () => Promise.resolve(textFace({ outcome: renderCleanOutcome })),
        operation: async (run: Run) => (await import('../../operations/clean.ts')).clean(options, run),
        exitCode: ({ roots }: CleanOutcome) =>
          roots.some(({ actions }) => actions.some(({ result }) => result === 'failed')) ? SOMETHING_STAYED : 0,
      });
      finish(code);
    });
}

/** Undefined: the project that is found as everywhere. */
function readScope({ global: everything, stateRoot, config, project }: Flags): CleanScope | undefined {
  if (!everything && stateRoot === undefined) return undefined;
  if (config !== undefined || project !== undefined) {
    const detail = '--config and --project name one project. Do not combine them with --global or --state-root.';
    throw new CastraError({ kind: 'usage', detail });
  }
  return stateRoot === undefined ? { kind: 'all' } : { kind: 'state-root', path: resolve(stateRoot) };
}
