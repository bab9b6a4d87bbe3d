// What the extension keeps going while nobody looks at its view. The workspace has no castra.toml at first, so that the
// timers are watched before the extension is activated.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as vscode from 'vscode';
import { hostTest } from './hostTest.ts';

const SETTLED_MS = 3_000;
const WATCHED_MS = 3_000;
const pause = (ms: number) => new Promise((done) => setTimeout(done, ms));

/** Timers that files of this folder made and that have neither fired nor been cleared. */
function watchTimers(ours: string): { readonly made: () => number; readonly live: () => string[] } {
  const live = new Map<unknown, string>();
  let made = 0;
  const { setTimeout: timeout, setInterval: interval, clearTimeout: clear } = globalThis;
  const note = (timer: unknown, stack: string) => {
    if (!stack.includes(ours)) return;
    made++;
    live.set(timer, stack);
  };
  const patched = {
    setTimeout(action: (...args: unknown[]) => void, ms?: number, ...args: unknown[]) {
      const timer = timeout(() => {
        live.delete(timer);
        action(...args);
      }, ms);
      note(timer, String(new Error().stack));
      return timer;
    },
    setInterval(action: () => void, ms?: number) {
      const timer = interval(action, ms);
      note(timer, String(new Error().stack));
      return timer;
    },
    clearTimeout(timer?: NodeJS.Timeout) {
      live.delete(timer);
      clear(timer);
    },
  };
  Object.assign(globalThis, patched, { clearInterval: patched.clearTimeout });
  return { made: () => made, live: () => [...live.values()] };
}

/** Command lines of the processes that this extension host started. */
function children(): string[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      try {
        const parent = /\) \S (\d+)/.exec(readFileSync(`/proc/${pid}/stat`, 'utf8'))?.[1];
        return Number(parent) === process.pid ? [readFileSync(`/proc/${pid}/cmdline`, 'utf8')] : [];
      } catch {
        // It has ended since.
        return [];
      }
    });
}

hostTest('while its view is hidden, no timer and no process of the extension waits', async () => {
  const castra = vscode.extensions.getExtension('castra.castra');
  assert.equal(castra?.isActive, false);
  // Other extensions of VS Code use timers and processes as well.
  const ours = join(castra.extensionPath, 'dist', '/');
  const timers = watchTimers(ours);
  await castra.activate();
  const [folder] = vscode.workspace.workspaceFolders ?? [];
  assert.ok(folder);
  const toml = 'version = "0.2.0"\n\n[project]\nname = "idle"\n\n[[vms]]\nname = "web"\n';
  await vscode.workspace.fs.writeFile(vscode.Uri.joinPath(folder.uri, 'castra.toml'), new TextEncoder().encode(toml));
  await pause(SETTLED_MS);
  // Else nothing was watched: it settles after the file has come.
  assert.ok(timers.made() > 0, 'the extension used no timer at all');
  assert.deepEqual(timers.live(), []);
  const before = timers.made();
  await pause(WATCHED_MS);
  assert.equal(timers.made(), before);
  assert.deepEqual(
    children().filter((line) => [ours, '.castra', 'qemu'].some((part) => line.includes(part))),
    [],
  );
});
