import type { Command } from 'commander';
import type { AdoptOutcome, DoctorOutcome } from '../../contract/doctor.ts';
import type { Run } from '../../operations/run.ts';
import { type CommandContext, readContext } from '../arguments.ts';
import { askAtTerminal } from '../ask/consent.ts';
import { exampleText } from '../examples.ts';
import type { Finish } from '../finish.ts';
import { renderDoctor } from '../render/doctor.ts';
import { textFace } from '../render/text.ts';
import { runSession } from '../session.ts';

interface Flags {
  readonly adopt?: boolean;
  readonly yes?: boolean;
}

const SOMETHING_IS_WRONG = 1;

export function addDoctor(program: Command, finish: Finish): void {
  program
    .command('doctor')
    .description('check this host and the project, and say how to fix problems; exits with 1 if VMs cannot start')
    .option('--adopt', 'list what is in a state root that Castra does not use, and take it over')
    .option('--yes', 'adopt it without being asked')
    .addHelpText('after', exampleText([['castra doctor'], ['castra doctor --json | tail -1']]))
    .action(async (flags: Flags, command: Command) => {
      const { config, settings, json } = readContext(command);
      if (flags.adopt) return finish(await runAdopt(flags, { config, settings, json }));
      const options = { config, settings, variables: relevant(process.env) };
      const code = await runSession({
        command: 'doctor',
        json,
        face: () =>
          Promise.resolve(textFace({ outcome: (value: DoctorOutcome) => renderDoctor(value, process.stdout) })),
        operation: async (run: Run) => (await import('../../operations/doctor.ts')).doctor(options, run),
        exitCode: ({ errors }) => (errors > 0 ? SOMETHING_IS_WRONG : 0),
      });
      finish(code);
    });
}

function runAdopt({ yes = false }: Flags, { json, ...project }: CommandContext): Promise<number> {
  const options = { ...project, consent: askAtTerminal({ yes, json, unasked: 'refuse' }) };
  return runSession({
    command: 'doctor',
    json,
    face: () => Promise.resolve(textFace({ outcome: renderAdopted })),
    operation: async (run: Run) => (await import('../../operations/adopt.ts')).adopt(options, run),
  });
}

function renderAdopted({ adopted, stateRoot, from }: AdoptOutcome): string {
  if (!adopted) return `There is nothing to adopt: ${stateRoot} is this project's own, or empty.\n`;
  return from === undefined ? `${stateRoot} is this project's own now.\n` : `${from} is ${stateRoot} now.\n`;
}

function relevant(env: NodeJS.ProcessEnv): Record<string, string> {
  const wanted = /^(?:CASTRA_.+|(?:https?|no)_proxy|(?:HTTPS?|NO)_PROXY)$/;
  return Object.fromEntries(
    Object.entries(env).flatMap(([name, value]) => (wanted.test(name) && value ? [[name, value]] : [])),
  );
}
