/** Every name that package.json and the code share; a test compares the two. */
export const commands = {
  init: 'castra.init',
  up: 'castra.up',
  upAll: 'castra.upAll',
  down: 'castra.down',
  downAll: 'castra.downAll',
  restart: 'castra.restart',
  cancel: 'castra.cancel',
  forceStop: 'castra.forceStop',
  refresh: 'castra.refresh',
  openShell: 'castra.openShell',
  openSerial: 'castra.openSerial',
  showSerialLog: 'castra.showSerialLog',
  showQemuLog: 'castra.showQemuLog',
  showLog: 'castra.showLog',
  copySshCommand: 'castra.copySshCommand',
  openRemote: 'castra.openRemote',
  openPort: 'castra.openPort',
  openConfig: 'castra.openConfig',
  clean: 'castra.clean',
  doctor: 'castra.doctor',
  restartServer: 'castra.restartServer',
  installCommand: 'castra.installCommand',
  copyInstallCommand: 'castra.copyInstallCommand',
} as const;

export type CommandId = (typeof commands)[keyof typeof commands];

export const views = { vms: 'castra.vms' } as const;

/** Keys of `when` clauses. */
export const contexts = {
  /** How many castra.toml files the workspace has. */
  projectCount: 'castra.projectCount',
  /** QEMU is where it is looked for. Neither is true before anybody looked. */
  qemuFound: 'castra.qemuFound',
  qemuMissing: 'castra.qemuMissing',
} as const;

export const settings = {
  qemuPath: 'castra.qemu.path',
  addToPath: 'castra.terminal.addToPath',
  notifications: 'castra.notifications',
  traceServer: 'castra.trace.server',
} as const;

export const LANGUAGE = 'castra';
export const LOG_LANGUAGE = 'castra-log';
export const TASK_TYPE = 'castra';
export const WALKTHROUGH = 'castra.start';
/** What a code lens of the server names until the client fills it. */
export const LENS_COMMAND = 'castra.lens.vm';
