import * as vscode from 'vscode';
import type { Event } from '../../runtime/contract/events.ts';
import { CastraError, messageOf } from '../../runtime/contract/failures.ts';
import type { ChosenVm } from '../commands/choose.ts';
import { hostSettings } from '../host.ts';
import { commandId } from '../ids.ts';
import { type SerialSession, serialSession } from './serialSession.ts';

interface SerialTerminal {
  readonly session: SerialSession;
  readonly terminal: vscode.Terminal;
}

/** Interactive terminals on serial consoles. There is one per VM: it is revealed when it is there. */
export interface Consoles extends vscode.Disposable {
  show(chosen: ChosenVm): void;
}

export function openConsoles(): Consoles {
  /** By project and VM; a promise while the connection is made, so that two clicks make one terminal. */
  const terminals = new Map<string, Promise<SerialTerminal>>();
  const ended = new AbortController();
  const reveal = async (chosen: ChosenVm): Promise<void> => {
    const key = JSON.stringify([chosen.project.id, chosen.vm.name]);
    const known = terminals.get(key);
    const there = known && (await known);
    if (there && !there.session.isOver) return there.terminal.show();
    const opening: Promise<SerialTerminal> = open(chosen, ended.signal, () => {
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
  return {
    show(chosen) {
      reveal(chosen).catch((error: unknown) => (ended.signal.aborted ? undefined : refuse(chosen, error)));
    },
    dispose() {
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

async function open({ project, vm }: ChosenVm, signal: AbortSignal, forget: () => void): Promise<SerialTerminal> {
  const { openConsole } = await import('../../runtime/operations/console.ts');
  const options = { config: { kind: 'file', path: project.id } as const, settings: hostSettings(), vm: vm.name };
  /** That QEMU does not answer, and the console may stay silent. */
  const notes: string[] = [];
  const report = (event: Event) => void (event.type === 'message' && notes.push(event.text));
  const { value } = await openConsole(options, { report, signal });
  const written = new vscode.EventEmitter<string>();
  const closed = new vscode.EventEmitter<void>();
  const session = serialSession(value.connection, {
    connected: [...notes, vscode.l10n.t('Connected to {0}. Press Enter for a prompt.', vm.name)].join('\r\n'),
    ended: vscode.l10n.t('The VM stopped. Press any key to close.'),
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
  const name = vscode.l10n.t('{0} serial', vm.name);
  const terminal = vscode.window.createTerminal({ name, pty, iconPath: new vscode.ThemeIcon('vm-connect') });
  return { session, terminal };
}

/** Another client may be attached, or the VM has ended: the serial log can be read in any case. */
async function refuse({ project, vm }: ChosenVm, error: unknown): Promise<void> {
  const text = error instanceof CastraError ? error.message : messageOf(error);
  const showLog = vscode.l10n.t('Show Serial Log');
  if ((await vscode.window.showWarningMessage(text, showLog)) !== showLog) return;
  await vscode.commands.executeCommand(commandId('showSerialLog'), { kind: 'vm', project, vm });
}
