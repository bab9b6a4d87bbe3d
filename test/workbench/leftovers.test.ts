import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { type TestContext, test } from 'node:test';
import { findByEnvironment } from '../support/workbench/processes.ts';
import { openTerminal, typeInTerminal } from '../support/workbench/terminals.ts';
import { eventually } from '../support/workbench/wait.ts';
import { openWorkbench, skipped } from '../support/workbench.ts';

/** Set for this file when a test of it runs it again, to have a process with a window that can be killed. */
const HOLD = 'CASTRA_TEST_HOLD_WORKBENCH';
const isHolder = HOLD in process.env;
const HELD = 'this process only holds a window';
/** When nobody kills it after all. */
const HOLD_MS = 60_000;

test('nothing runs or lies there after a test', { skip: skipped || (isHolder && HELD) }, async (t) => {
  let workspace = '';
  await t.test('that leaves a terminal with a program', async (inner) => {
    const opened = await openWorkbench(inner);
    workspace = opened.workspace;
    await openTerminal(opened.page);
    await typeInTerminal(opened.page, 'setsid sleep 1000 & sleep 1000');
    const count = () => Promise.resolve(findByEnvironment(markOf(workspace)).length);
    await eventually(count, (processes) => processes > 3, 'The server has no processes');
  });
  assert.deepEqual(findByEnvironment(markOf(workspace)), []);
  assert.equal(existsSync(workspace), false);
});

test('a test that is killed takes its window along', { skip: skipped || (isHolder && HELD) }, async (t) => {
  const child = holdWindow(t);
  const workspace = await readWorkspace(child);
  const mark = markOf(workspace);
  t.after(() => rm(workspace.replace(/w$/, ''), { recursive: true, force: true }));
  assert.ok(findByEnvironment(mark).length > 3);
  child.kill('SIGKILL');
  await eventually(
    () => Promise.resolve(findByEnvironment(mark)),
    (left) => left.length === 0,
    'Processes are left',
  );
});

if (isHolder) {
  test('a window is open until this process is killed', async (t) => {
    const { workspace, page } = await openWorkbench(t);
    await openTerminal(page);
    process.stderr.write(`workspace ${workspace}\n`);
    await new Promise((done) => setTimeout(done, HOLD_MS));
  });
}

function holdWindow(t: TestContext): ChildProcess {
  const { NODE_TEST_CONTEXT, ...env } = process.env;
  const file = process.argv[1] ?? '';
  const child = spawn(process.execPath, [file], { env: { ...env, [HOLD]: '1' }, stdio: ['ignore', 'ignore', 'pipe'] });
  t.after(() => child.kill('SIGKILL'));
  return child;
}

async function readWorkspace(child: ChildProcess): Promise<string> {
  if (child.stderr === null) throw new Error('There is no stderr.');
  for await (const line of createInterface({ input: child.stderr })) {
    const workspace = /^workspace (.*)/.exec(line)?.[1];
    if (workspace !== undefined) return workspace;
  }
  await once(child, 'exit');
  throw new Error('The process ended before its window was open.');
}

/** The TMPDIR of a workbench is beside its workspace. */
function markOf(workspace: string): string {
  return `TMPDIR=${workspace.replace(/w$/, 't')}\0`;
}
