import * as vscode from 'vscode';
import type { Event } from '../../runtime/contract/events.ts';
import { CastraError, messageOf } from '../../runtime/contract/failures.ts';
import { type ChosenVm, nameIn } from '../commands/choose.ts';
import type { FleetStore } from '../fleet/store.ts';
import { hostSettings } from '../host.ts';
import { commandId } from '../ids.ts';
import { type SerialSession, serialSession } from './serialSession.ts';

interface SerialTerminal {
  readonly chosen: ChosenVm;
  readonly session: SerialSession;
  readonly terminal: vscode.Terminal;
}

/** Interactive terminals on serial consoles. There is one per VM: it is revealed when it is there. */
export interface Consoles extends vscode.Disposable {
  show(chosen: ChosenVm): void;
}

export function openConsoles(fleet: FleetStore): Consoles {
  /** By project and VM; a promise while the connection is made, so that two clicks make one terminal. */
  const terminals = new Map<string, Promise<SerialTerminal>>();
  const ended = new AbortController();
  const reveal = async (chosen: ChosenVm): Promise<void> => {
    const key = JSON.stringify([chosen.project.id, chosen.vm.name]);
    const known = terminals.get(key);
    const there = known && (await known);
    if (there && !there.session.isOver) return there.terminal.show();
    const name = vscode.l10n.t('{0} serial', nameIn(fleet.projects, chosen));
    const opening: Promise<SerialTerminal> = open(chosen, name, ended.signal, () => {
      if (terminals.get(key) === opening) terminals.delete(key);
    });
    terminals.set(key, opening);
    try {
      (await opening).terminal.show();
      // The other one is of a VM that has ended.
      there?.terminal.dispose();
    } catch (error) {
      terminals.delete(key);
      throw error;
    }
  };
  const again = fleet.onDidChange(() => {
    for (const opening of terminals.values()) {
      // One that did not open has been reported by who opened it.
      opening.then((one) => attachAgain(one, fleet, ended.signal)).catch(() => undefined);
    }
  });
  return {
    show(chosen) {
      reveal(chosen).catch((error: unknown) => (ended.signal.aborted ? undefined : refuse(chosen, error)));
    },
    dispose() {
      again.dispose();
      ended.abort();
      for (const opening of terminals.values()) {
        opening.then(
          ({ terminal }) => terminal.dispose(),
          () => undefined,
        );
      }
    },
  };
}

/** One at a time: a socket serves one client, and a second try would find it taken by the first. */
const attaching = new WeakSet<SerialSession>();

/** A VM that was started again has a new console. It can be seen from the first line of its firmware on. */
async function attachAgain({ chosen, session }: SerialTerminal, fleet: FleetStore, signal: AbortSignal): Promise<void> {
  const { project, vm } = chosen;
  const now = fleet.projects.find(({ id }) => id === project.id)?.vms.find(({ name }) => name === vm.name);
  if (!session.isOver || now?.status?.pid === undefined || attaching.has(session)) return;
  attaching.add(session);
  try {
    const { connection } = await connect(chosen, signal);
    session.attach(connection);
  } finally {
    attaching.delete(session);
  }
}

async function connect({ project, vm }: ChosenVm, signal: AbortSignal) {
  const { openConsole } = await import('../../runtime/operations/console.ts');
  const options = { config: { kind: 'file', path: project.id } as const, settings: hostSettings(), vm: vm.name };
  /** That QEMU does not answer, and the console may stay silent. */
  const notes: string[] = [];
  const report = (event: Event) => void (event.type === 'message' && notes.push(event.text));
  const { value } = await openConsole(options, { report, signal });
  return { connection: value.connection, notes };
}

async function open(chosen: ChosenVm, name: string, signal: AbortSignal, forget: () => void): Promise<SerialTerminal> {
  const { vm } = chosen;
  const { connection, notes } = await connect(chosen, signal);
  const written = new vscode.EventEmitter<string>();
  const closed = new vscode.EventEmitter<void>();
  const session = serialSession(connection, {
    connected: [...notes, vscode.l10n.t('Connected to {0}. Press Enter for a prompt.', vm.name)].join('\r\n'),
    ended: vscode.l10n.t('The VM stopped. The console connects again when it starts. Press any key to close.'),
    write: (text) => written.fire(text),
    close: () => closed.fire(),
  });
  const pty: vscode.Pseudoterminal = {
    onDidWrite: written.event,
    onDidClose: closed.event,
    open: () => session.open(),
    handleInput: (text) => session.input(text),
    // No setDimensions: a serial line has no size, and nothing could be sent about it.
    close() {
      forget();
      session.close();
      vscode.Disposable.from(written, closed).dispose();
    },
  };
  const terminal = vscode.window.createTerminal({ name, pty, iconPath: new vscode.ThemeIcon('vm-connect') });
  return { chosen, session, terminal };
}

/** Another client may be attached, or the VM has ended: the serial log can be read in any case. */
async function refuse({ project, vm }: ChosenVm, error: unknown): Promise<void> {
  const text = error instanceof CastraError ? error.message : messageOf(error);
  const showLog = vscode.l10n.t('Show Serial Log');
  if ((await vscode.window.showWarningMessage(text, showLog)) !== showLog) return;
  await vscode.commands.executeCommand(commandId('showSerialLog'), { kind: 'vm', project, vm });
}
