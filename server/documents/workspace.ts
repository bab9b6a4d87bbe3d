import {
  type Connection,
  DidChangeConfigurationNotification,
  DidChangeWatchedFilesNotification,
  type FileEvent,
  type InitializeParams,
  WatchKind,
} from 'vscode-languageserver';
import { pathOf } from './analysis.ts';

/** The folders that are open, and what the client reports about files and settings. */
export interface Workspace {
  /** Absolute paths. */
  folders(): readonly string[];
  /** Whether the client reports created, changed and deleted files. */
  readonly isWatched: boolean;
  onFiles(listener: (events: readonly FileEvent[]) => void): void;
  onFolders(listener: () => void): void;
  /** The client may have other settings now. */
  onSettings(listener: () => void): void;
  /** Asks the client to watch; it may be asked from `initialized` on. */
  start(): Promise<void>;
}

const COME_AND_GO = WatchKind.Create | WatchKind.Delete;
/** Of images and scripts only their existence matters: a running VM writes to its disk all the time. */
const WATCHERS = [
  { globPattern: '**/castra.toml' },
  { globPattern: '**/bootstrap.toml' },
  { globPattern: '**/bootstrap/**', kind: COME_AND_GO },
  { globPattern: '**/*.qcow2', kind: COME_AND_GO },
];

export function openWorkspace(connection: Connection, params: InitializeParams): Workspace {
  const { workspace } = params.capabilities;
  const folders = new Set<string>();
  const given = params.workspaceFolders ?? (params.rootUri ? [{ uri: params.rootUri }] : []);
  for (const { uri } of given) folders.add(uri);
  const watches = workspace?.didChangeWatchedFiles?.dynamicRegistration === true;
  const [files, moves, settings] = [emitter<readonly FileEvent[]>(), emitter<void>(), emitter<void>()];
  connection.onDidChangeWatchedFiles(({ changes }) => files.tell(changes));
  connection.onDidChangeConfiguration(() => settings.tell());
  return {
    folders: () => [...folders].filter((uri) => uri.startsWith('file:///')).map(pathOf),
    isWatched: watches,
    onFiles: files.listen,
    onFolders: moves.listen,
    onSettings: settings.listen,
    async start() {
      if (workspace?.workspaceFolders) {
        connection.workspace.onDidChangeWorkspaceFolders(({ added, removed }) => {
          for (const { uri } of removed) folders.delete(uri);
          for (const { uri } of added) folders.add(uri);
          moves.tell();
        });
      }
      if (watches) await connection.client.register(DidChangeWatchedFilesNotification.type, { watchers: WATCHERS });
      if (workspace?.didChangeConfiguration?.dynamicRegistration) {
        await connection.client.register(DidChangeConfigurationNotification.type, { section: 'castra' });
      }
    },
  };
}

/** A client that refuses to look again, or is gone, changes nothing for us; the promise must not go unhandled. */
export function askToRefresh(request: () => Promise<void>): void {
  request().catch(() => undefined);
}

/** Listeners live as long as the server. */
function emitter<Event>() {
  const listeners: ((event: Event) => void)[] = [];
  return {
    listen: (listener: (event: Event) => void) => void listeners.push(listener),
    tell: (event: Event) => {
      for (const listener of listeners) listener(event);
    },
  };
}
