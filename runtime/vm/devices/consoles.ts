import type { LaunchPlan } from '../launchPlan.ts';
import { escapeComma } from './escapeComma.ts';

/** A socket to attach to, and a log that is written whether or not a client is attached. */
export function serialConsole({ sockets, files }: LaunchPlan): string[] {
  const path = escapeComma(sockets.console);
  const log = escapeComma(files.serialLog);
  return [
    '-chardev',
    `socket,id=console0,path=${path},server=on,wait=off,logfile=${log},logappend=on`,
    '-serial',
    'chardev:console0',
  ];
}

export function qmpServer(id: string, path: string): string[] {
  return [
    '-chardev',
    `socket,id=${id},path=${escapeComma(path)},server=on,wait=off`,
    '-mon',
    `chardev=${id},mode=control`,
  ];
}
