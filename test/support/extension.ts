/** Castra's own extension in the workbench of workbench.ts, as a user has it before them. */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { TestContext } from 'node:test';
import { type CliOptions, type CliResult, runCli } from './cli.ts';
import { type Behaviour, FAKE_QEMU } from './fakeVm.ts';
import { BASE_IMAGE_NAME, makeQcow2 } from './tempProject.ts';
import { openContainer, row, rowTexts } from './workbench/trees.ts';
import { eventually } from './workbench/wait.ts';
import { openWorkbench, type Workbench, type WorkbenchOptions } from './workbench.ts';

export const VIEW = 'Virtual Machines';

/** Its windows come with pictures when CASTRA_SCREENSHOTS names a folder for them. */
const shots = process.env.CASTRA_SCREENSHOTS;

export interface CastraOptions extends Omit<WorkbenchOptions, 'env'> {
  /** How the fake QEMU behaves, by VM; without it the QEMU on PATH runs. */
  readonly fake?: Readonly<Record<string, Behaviour>>;
  readonly env?: Readonly<Record<string, string>>;
}

export interface CastraWindow extends Workbench {
  /** CASTRA_HOME of the window and of castra(). */
  readonly home: string;
  /** Waits until the rows of the tree, joined by newlines, match. */
  rowsAre(expected: RegExp): Promise<string[]>;
  /** The command line outside the window, with the same home and the same QEMU. */
  castra(...args: string[]): Promise<CliResult>;
  /** Keeps a picture of the window, when CASTRA_SCREENSHOTS asks for that. */
  shot(name: string): Promise<void>;
}

/** What says of the window that it is a test's is left out of its pictures. */
const PLAIN = { 'window.commandCenter': false, 'window.title': 'Castra', 'workbench.layoutControl.enabled': false };

/** Opens a window with the extension. Castra's home is in the home folder of the window, which goes. */
export async function openCastra(t: TestContext, options: CastraOptions): Promise<CastraWindow> {
  const { fake, env: more, ...rest } = options;
  const env: Record<string, string> = {
    CASTRA_HOME: '',
    CASTRA_ACCELERATOR: 'tcg',
    ...(fake ? { CASTRA_QEMU: FAKE_QEMU, FAKE_QEMU: JSON.stringify(fake) } : {}),
    ...more,
  };
  const settings = { ...PLAIN, 'castra.confirmDiscard': false, ...rest.settings };
  const opened = await openWorkbench(t, { extension: process.cwd(), ...rest, settings, env });
  const { page, workspace } = opened;
  const folder = dirname(workspace);
  const project = { path: workspace, home: join(folder, 'h', '.castra') };
  // TMPDIR marks what it starts as the window's: it ends with the test.
  const cli: CliOptions = { ...(fake ? { fake } : { real: true }), env: { TMPDIR: join(folder, 't') } };
  return {
    ...opened,
    home: project.home,
    rowsAre: (expected) =>
      eventually(
        () => rowTexts(page, VIEW),
        (rows) => expected.test(rows.join('\n')),
        `The rows never match ${expected}`,
      ),
    castra: (...args) => runCli(project, args, cli),
    async shot(name) {
      if (!shots) return;
      mkdirSync(shots, { recursive: true });
      await page.screenshot({ path: join(shots, `${name}.png`) });
    },
  };
}

/** The tree on the side, with this row in it. */
export async function showTree({ page }: Workbench, label: string): Promise<void> {
  await openContainer(page, 'Castra');
  await row(page, VIEW, label).waitFor();
}

/** A whole qcow2 file with nothing on it, for the fake QEMU. Gone after the test. */
export function emptyImage(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'castra-i-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const path = join(folder, BASE_IMAGE_NAME);
  makeQcow2(path);
  return path;
}

/** A castra.toml with one table for each role; `more` is written into it. */
export function configOf(project: string, baseImage: string, roles: Readonly<Record<string, string>>): string {
  const tables = Object.entries(roles).map(
    ([name, more]) => `[[vms]]
name = "${name}"
cpus = 1
memory = "256 MiB"
base_image = ${JSON.stringify(baseImage)}
ssh_user = "root"
${more}`,
  );
  return `version = "0.2.0"\n\n[project]\nname = "${project}"\n\n${tables.join('\n')}`;
}
