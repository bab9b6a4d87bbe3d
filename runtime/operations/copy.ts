import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { CastraError, messageOf } from '../contract/failures.ts';
import type { CopyOptions, CopyOutcome } from '../contract/ssh.ts';
import { connectSsh } from '../ssh/connect.ts';
import { Answers } from '../ssh/copy/answers.ts';
import { type CopyPath, looksRemote, nameInFolder, parseCopyPath } from '../ssh/copy/copyPaths.ts';
import { copyTree } from '../ssh/copy/copyTree.ts';
import type { CopyCount, CopyJob } from '../ssh/copy/job.ts';
import { localFiles } from '../ssh/copy/localFiles.ts';
import { openSftp, remoteFiles } from '../ssh/copy/remoteFiles.ts';
import type { SshTarget } from '../ssh/target.ts';
import type { Operation, Run } from './run.ts';
import { roomIn } from './ssh/copyRoom.ts';
import { chooseVm, openSshProject, type SshProject, untilLogin } from './ssh/sshProject.ts';

interface Plan {
  readonly target: SshTarget;
  readonly direction: CopyOutcome['direction'];
  readonly sources: readonly string[];
  readonly destination: string;
}

/** Copies files and folders to or from one VM over SFTP, so that no shell ever sees a name. What was copied before a failure stays. */
export const copy: Operation<CopyOptions, CopyOutcome> = async (options, run) => {
  const project = openSshProject(options);
  const plan = makePlan(project, options);
  const { vm } = plan.target;
  await untilLogin(project, plan.target, run);
  const client = await connectSsh(plan.target, run.signal);
  const answers = new Answers();
  const cancel = () => answers.end(new CastraError({ kind: 'cancelled' }));
  run.signal.addEventListener('abort', cancel, { once: true });
  try {
    const remote = remoteFiles(await openSftp(client, vm, answers));
    const count: CopyCount = { files: 0, bytes: 0 };
    const told = { count, signal: run.signal, skipped: skipTeller(run) };
    const sides =
      plan.direction === 'to-vm'
        ? { from: localFiles, to: remote, makeRoom: async () => undefined }
        : { from: remote, to: localFiles, makeRoom: roomIn(plan.destination) };
    await copyAll({ ...sides, ...told }, plan);
    return { value: { vm, direction: plan.direction, ...count }, diagnostics: project.diagnostics };
  } catch (error) {
    if (run.signal.aborted) throw new CastraError({ kind: 'cancelled' });
    if (error instanceof CastraError) throw error;
    throw new CastraError({ kind: 'copy-failed', vm, detail: `${messageOf(error)}.` }, { cause: error });
  } finally {
    run.signal.removeEventListener('abort', cancel);
    answers.end(new Error('the copy has ended'));
    // A guest that says nothing would not end it either.
    client.destroy();
  }
};

/** Warnings about what is left out: a hostile guest could make them a flood. */
const MAX_TOLD = 100;

function skipTeller(run: Run): CopyJob['skipped'] {
  let told = 0;
  return (path) => {
    told += 1;
    if (told > MAX_TOLD) return;
    const more = told === MAX_TOLD ? ' More like it are skipped without a message.' : '';
    const text = `${path} was skipped: it is neither a file nor a folder nor a link.${more}`;
    run.report({ type: 'message', severity: 'warning', text });
  };
}

function makePlan(project: SshProject, { sources, destination, from }: CopyOptions): Plan {
  const names = new Set(project.vms.flatMap((vm) => [vm.name, vm.role]));
  const parse = (text: string): CopyPath => {
    const path = parseCopyPath(text, (name) => names.has(name));
    const meant = path.kind === 'local' ? looksRemote(text) : undefined;
    if (meant !== undefined && !existsSync(resolve(from, text))) {
      throw new CastraError({ kind: 'unknown-vm', names: [meant], known: project.vms.map((vm) => vm.name) });
    }
    return path;
  };
  const paths = sources.map(parse);
  const target = parse(destination);
  const remotes = [...paths, target].flatMap((path) => (path.kind === 'remote' ? [path.vm] : []));
  const sourceRemotes = paths.filter((path) => path.kind === 'remote');
  const [name] = remotes;
  if (name === undefined) throw usage('Neither side is in a VM. Write a path in a VM as `VM:PATH`.');
  if (target.kind === 'remote' && sourceRemotes.length > 0) {
    throw usage('Both sides are in VMs. Copy to this host first, then to the other VM.');
  }
  if (target.kind === 'local' && sourceRemotes.length < paths.length) {
    throw usage('Some sources are in a VM and some are on this host. Copy them with separate commands.');
  }
  if (new Set(remotes).size > 1)
    throw usage(`The sources are in several VMs: ${remotes.join(', ')}. Copy from one VM at a time.`);
  const here = (path: CopyPath) => (path.kind === 'local' ? keepSlash(path.path, resolve(from, path.path)) : path.path);
  return {
    target: chooseVm(project, name),
    direction: target.kind === 'remote' ? 'to-vm' : 'from-vm',
    sources: paths.map(here),
    destination: here(target),
  };
}

const usage = (detail: string) => new CastraError({ kind: 'usage', detail });

/** `resolve` drops the slash that says "this is a folder", and the dot that says "what is in it". */
function keepSlash(given: string, resolved: string): string {
  if (/(?:^|[\\/])\.$/.test(given)) return `${resolved}/.`;
  return /[\\/]$/.test(given) && !resolved.endsWith('/') ? `${resolved}/` : resolved;
}

/** As cp(1) does it: into a folder that is there, else to that very name, which several sources cannot have. */
async function copyAll(job: CopyJob, { sources, destination }: Plan): Promise<void> {
  const there = await job.to.stat(destination, true);
  const isFolder = there?.kind === 'folder';
  if (!isFolder && sources.length > 1) {
    throw new Error(`${job.to.show(destination)} is not a folder and cannot receive ${sources.length} sources`);
  }
  for (const source of sources) {
    if (!isFolder && destination.endsWith('/') && (await job.from.stat(source, true))?.kind === 'file') {
      throw new Error(`${job.to.show(destination)}: this folder does not exist`);
    }
    const name = isFolder ? nameInFolder(source) : undefined;
    await copyTree(job, source, name === undefined ? destination : job.to.join(destination, name));
  }
}
