import { readFileSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import ssh2 from 'ssh2';
import type { SshdKeys } from './hostSshd.ts';

const { STATUS_CODE } = ssh2.utils.sftp;
/** Sets the clipboard of a terminal (OSC 52). */
export const EVIL = '\u001b]52;c;ZXZpbA==\u0007';

const [FILE, FOLDER] = [0o100644, 0o040755];

/**
 * An SSH server that lets everyone in. By the first folder of a path, its SFTP server has: `wide`, a folder without an
 * end; `deep`, folders in folders without an end; `file`, a file without an end; `empty`, a folder that has nothing,
 * again and again; `mute`, no answer; `gone`, the end of SFTP, but not of the connection.
 */
export async function startHostileGuest({ port, hostKey }: SshdKeys): Promise<{ close(): void }> {
  const sockets = new Set<Socket>();
  const guest = new ssh2.Server({ hostKeys: [readFileSync(hostKey)] }, (client) => {
    client
      .on('error', () => undefined)
      .on('authentication', (context) => context.accept())
      .on('session', (accept) =>
        accept()
          .on('sftp', (open) => answer(open()))
          .on('exec', (open, _refuse, { command }) => {
            const channel = open();
            if (command.includes('reboot')) {
              channel.stderr.write('not today\n');
              channel.exit(1);
              return channel.end();
            }
            channel.write(`${EVIL}said\n`);
            channel.stderr.write(`${EVIL}cried\n`);
            channel.exit(0);
            channel.end();
          }),
      );
  });
  const server = createServer((socket) => {
    sockets.add(socket);
    guest.injectSocket(socket);
  });
  await new Promise<void>((done) => server.listen(port, '127.0.0.1', done));
  return {
    close() {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}

function answer(sftp: ssh2.SFTPWrapper): void {
  let named = 0;
  const paths: string[] = [];
  const pathOf = (handle: Buffer) => paths[handle.readUInt32BE()] ?? '';
  const open = (id: number, path: string) => {
    const handle = Buffer.alloc(4);
    handle.writeUInt32BE(paths.push(path) - 1);
    if (path.startsWith('/gone')) sftp.end();
    else sftp.handle(id, handle);
  };
  const attributes = (path: string) => ({
    mode: kindOf(path),
    size: 0,
    uid: 0,
    gid: 0,
    atime: 0,
    mtime: 0,
  });
  const stat = (id: number, path: string) => {
    if (!path.startsWith('/mute')) sftp.attrs(id, attributes(path));
  };
  sftp
    .on('STAT', stat)
    .on('LSTAT', stat)
    .on('OPENDIR', open)
    .on('OPEN', open)
    .on('CLOSE', (id) => sftp.status(id, STATUS_CODE.OK))
    .on('READDIR', (id, handle) => {
      const path = pathOf(handle);
      const names = path.startsWith('/empty') ? [] : [path.startsWith('/deep') ? 'd' : `f${named++}`];
      sftp.name(
        id,
        names.map((filename) => ({ filename, longname: filename, attrs: attributes(`${path}/${filename}`) })),
      );
    })
    .on('READ', (id, handle, _offset, length) =>
      pathOf(handle).startsWith('/file') ? sftp.data(id, Buffer.alloc(length, 'x')) : sftp.status(id, STATUS_CODE.EOF),
    );
}

function kindOf(path: string): number {
  if (path.startsWith('/file')) return FILE;
  return path.startsWith('/deep') || path.split('/').length === 2 ? FOLDER : FILE;
}
