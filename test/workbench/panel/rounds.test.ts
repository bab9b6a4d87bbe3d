import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import type { StatusOutcome, VmStatus } from '../../../runtime/contract/vms.ts';
import { commandLine } from '../../../runtime/process/identity.ts';
import { type CliResult, outcomeOf } from '../../support/cli.ts';
import { type CastraWindow, configOf, emptyImage, openCastra, showTree, VIEW } from '../../support/extension.ts';
import { findQemus } from '../../support/tempProject.ts';
import type { Page } from '../../support/workbench/browser.ts';
import { runCommand } from '../../support/workbench/commands.ts';
import { hostLog } from '../../support/workbench/hostLog.ts';
import { findByEnvironment } from '../../support/workbench/processes.ts';
import { openContainer, rowTexts } from '../../support/workbench/trees.ts';
import { eventually } from '../../support/workbench/wait.ts';
import { skipped } from '../../support/workbench.ts';

/** More are for a machine that has nothing else to do. */
const ROUNDS = Number(process.env.CASTRA_TEST_ROUNDS ?? 5);
const SEED = Number(process.env.CASTRA_TEST_SEED ?? Date.now() % 100_000);
const ACTS_PER_ROUND = 4;
const ROLES = ['web', 'db', 'late'];

/** mulberry32: the same seed, the same rounds. */
function randomOf(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

interface Place {
  readonly opened: CastraWindow;
  readonly pages: readonly Page[];
  readonly image: string;
  readonly random: (below: number) => number;
  /** Commands of the terminal that have not ended. */
  readonly commands: Promise<CliResult>[];
}

type Act = readonly [name: string, act: (place: Place) => unknown];

const pickOf = <One>({ random }: Place, list: readonly One[]): One | undefined =>
  list[random(Math.max(1, list.length))];

const acts: readonly Act[] = [
  ['a click on the button of a row', clickSomeRow],
  ['a click on the button of a row', clickSomeRow],
  ['Up All', (place) => runCommand(pageOf(place), 'Castra: Up All')],
  ['Refresh', (place) => runCommand(pageOf(place), 'Castra: Refresh')],
  ['castra up', (place) => inTerminal(place, 'up', pickOf(place, ROLES) ?? '', '--wait-lock')],
  ['castra down', (place) => inTerminal(place, 'down', '--wait-lock')],
  ['castra cancel', (place) => inTerminal(place, 'cancel')],
  ['an edit', edit],
  ['a half-typed file', halfType],
  [
    'kill -9 of QEMU',
    (place) =>
      kill(
        place,
        findQemus(place.opened.home).map((qemu) => qemu.pid),
      ),
  ],
  ['kill -9 of castra', (place) => kill(place, commandsAtWork(place))],
];

const pageOf = (place: Place): Page => place.pages[place.random(place.pages.length)] ?? place.opened.page;

async function clickSomeRow(place: Place): Promise<void> {
  const page = pageOf(place);
  const rows = page.locator('.part.sidebar .pane-body .monaco-list-row');
  const count = await rows.count();
  if (count === 0) return;
  const chosen = rows.nth(place.random(count));
  const button = chosen.locator('.actions .action-label').first();
  // The row may go, or have another button, while the mouse moves there.
  await chosen.hover({ timeout: 1000 }).catch(() => undefined);
  await button.click({ timeout: 1000 }).catch(() => undefined);
}

function inTerminal({ opened, commands }: Place, ...args: string[]): void {
  commands.push(opened.castra(...args, '--json'));
}

function edit(place: Place): void {
  const { opened, image, random } = place;
  const roles = ROLES.filter((_role, index) => index === 0 || random(2) === 0);
  write(opened, configOf('shop', image, Object.fromEntries(roles.map((role) => [role, '']))));
}

function halfType({ opened }: Place): void {
  write(opened, `${readFileSync(join(opened.workspace, 'castra.toml'), 'utf8')}\ncpus = `);
}

const write = ({ workspace }: CastraWindow, text: string) => writeFileSync(join(workspace, 'castra.toml'), text);

function kill(place: Place, pids: readonly number[]): void {
  const pid = pickOf(place, pids);
  if (pid === undefined) return;
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended meanwhile.
  }
}

/** Of this test: those of the windows and of the terminal have its TMPDIR. */
function commandsAtWork({ opened }: Place): number[] {
  return findByEnvironment(`TMPDIR=${join(dirname(opened.workspace), 't')}\0`).filter((pid) =>
    /cli\.js (?:up|down|resume|cancel) /.test(`${commandLine(pid)?.join(' ') ?? ''} `),
  );
}

/** Nothing is asked for any more, and the file can be read. */
async function rest(place: Place): Promise<void> {
  const { opened, commands } = place;
  const text = readFileSync(join(opened.workspace, 'castra.toml'), 'utf8');
  write(opened, text.replaceAll('\ncpus = \n', '\n').replace(/\ncpus = $/, ''));
  await Promise.all(commands.splice(0));
  const isQuiet = () => Promise.resolve(commandsAtWork(place));
  await eventually(isQuiet, (pids) => pids.length === 0, 'A command never ends');
}

/** What a row must show of a VM, in words that no other state has. */
function isShown(text: string, { state, undeclared, reason }: VmStatus): boolean {
  const isMoving =
    /^(?:starting|stopping|waits|firmware|kernel|waiting|preparing|getting|shutting|cancelling|SIG)/.test(text);
  if (undeclared) return text.includes('not in castra.toml');
  switch (state) {
    case 'running':
      return reason === undefined ? text.startsWith('running') : !isMoving;
    case 'starting':
    case 'shutting_down':
      return isMoving;
    default:
      // A window may add why its last command failed.
      return !isMoving && !text.startsWith('running') && !text.includes('not in castra.toml');
  }
}

async function difference(place: Place, page: Page): Promise<string> {
  const { vms } = outcomeOf<StatusOutcome>(await place.opened.castra('status', '--json'));
  const rows = (await rowTexts(page, VIEW)).filter((text) => /^[a-z]+-\d+ /.test(text));
  const shown = new Map(rows.map((text) => [text.split(' ', 1)[0] ?? '', text.slice(text.indexOf(' ') + 1)]));
  const wrong = vms.filter((vm) => !isShown(shown.get(vm.name) ?? '', vm));
  const tooMany = [...shown.keys()].filter((name) => !vms.some((vm) => vm.name === name));
  const spinners = vms.some(({ state }) => state === 'starting' || state === 'shutting_down')
    ? 0
    : await page.locator('.part.sidebar .codicon-loading').count();
  if (wrong.length + tooMany.length + spinners === 0) return '';
  return JSON.stringify({ wrong: wrong.map(({ name, state }) => `${name} ${state}`), rows, tooMany, spinners });
}

test('after random verbs from two windows and a terminal, rows are what status says', { skip: skipped }, async (t) => {
  const image = emptyImage(t);
  const fake = { '*': { bootDelayMs: 300 }, 'late-0': { bootDelayMs: 2500 } };
  const files = { 'castra.toml': configOf('shop', image, { web: '', db: '', late: '' }) };
  const opened = await openCastra(t, { files, fake, settings: { 'castra.notifications': 'none' } });
  await showTree(opened, 'web-0');
  const other = await opened.openWindow();
  await openContainer(other, 'Castra');
  const place: Place = { opened, pages: [opened.page, other], image, random: randomOf(SEED), commands: [] };
  t.diagnostic(`seed ${SEED}`);
  const latest: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const chosen = Array.from({ length: ACTS_PER_ROUND }, () => acts[place.random(acts.length)]);
    const names = chosen.map((act) => act?.[0]).join(', ');
    for (const act of chosen) await act?.[1](place);
    await rest(place);
    const rested = performance.now();
    for (const page of place.pages) {
      await eventually(
        () => difference(place, page),
        (text) => text === '',
        `Round ${round} (${names}): the rows stay different`,
      );
    }
    latest.push(Math.round(performance.now() - rested));
  }
  t.diagnostic(`at rest, rows of both windows were right after at most ${Math.max(...latest)} ms`);
  assert.doesNotMatch(hostLog(opened), /rejected promise not handled/);
  assert.deepEqual(opened.errors, []);
});
