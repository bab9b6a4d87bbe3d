import type { Command } from 'commander';
import type { DoctorOutcome } from '../../contract/doctor.ts';
import type { Run } from '../../operations/run.ts';
import { readContext } from '../arguments.ts';
import type { Finish } from '../finish.ts';
import { renderDoctor } from '../render/doctor.ts';
import { textFace } from '../render/text.ts';
import { runSession } from '../session.ts';

const SOMETHING_IS_WRONG = 1;

export function addDoctor(program: Command, finish: Finish): void {
  program
    .command('doctor')
    .description('check this host and the project, and say how to fix problems; exits with 1 if VMs cannot start')
    .action(async (_flags: object, command: Command) => {
      const { config, settings, json } = readContext(command);
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

function relevant(env: NodeJS.ProcessEnv): Record<string, string> {
  const wanted = /^(?:CASTRA_.+|(?:https?|no)_proxy|(?:HTTPS?|NO)_PROXY)$/;
  return Object.fromEntries(
    Object.entries(env).flatMap(([name, value]) => (wanted.test(name) && value ? [[name, value]] : [])),
  );
}
