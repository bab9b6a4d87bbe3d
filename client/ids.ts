import type { CommandName } from './commands/table.ts';

/** The id under which VS Code knows a command of client/commands/table.ts. */
export const commandId = <Name extends CommandName>(name: Name) => `castra.${name}` as const;

/** Names that package.json and the code share; a test compares the two. */
export const views = { vms: 'castra.vms' } as const;

/** Keys of `when` clauses. */
export const contexts = {
  /** How many castra.toml files the workspace has. */
  projectCount: 'castra.projectCount',
  /** QEMU was found. Neither is true before the first look. */
  qemuFound: 'castra.qemuFound',
  qemuMissing: 'castra.qemuMissing',
} as const;

export const settings = {
  qemuPath: 'castra.qemu.path',
  addToPath: 'castra.terminal.addToPath',
  notifications: 'castra.notifications',
  files: 'castra.files',
  confirmDiscard: 'castra.confirmDiscard',
  traceServer: 'castra.trace.server',
} as const;

export const LANGUAGE = 'castra';
export const LOG_LANGUAGE = 'castra-log';
export const TASK_TYPE = 'castra';
export const WALKTHROUGH = 'castra.start';
/** What a code lens of the server names until the client fills it. */
export const LENS_COMMAND = 'castra.lens.vm';
