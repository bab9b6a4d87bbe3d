import { connect } from 'node:net';

/** `silent`: QEMU accepted for the guest, which says nothing. `refused`: the guest closed the connection. */
export type BannerProbe =
  | { readonly kind: 'banner'; readonly text: string }
  | { readonly kind: 'silent' }
  | { readonly kind: 'refused' };

const MAX_PREAMBLE = 16 * 1024;

/**
 * One fresh connection to a forward of the guest's SSH server. QEMU accepts at once whether or not a guest listens, so
 * only the server's own `SSH-` line counts; a connection made too early answers seconds late, so each gets little time.
 */
export function probeSshBanner(port: number, timeoutMs: number): Promise<BannerProbe> {
  return new Promise((done) => {
    const socket = connect({ host: '127.0.0.1', port });
    let text = '';
    const finish = (result: BannerProbe) => {
      socket.destroy();
      done(result);
    };
    socket.setTimeout(timeoutMs, () => finish({ kind: 'silent' }));
    const timer = setTimeout(() => finish({ kind: 'silent' }), timeoutMs);
    socket.once('close', () => clearTimeout(timer));
    socket.setEncoding('latin1').on('data', (chunk) => {
      // A banner has at most 255 bytes; a server that sends pages of text is not an SSH server.
      text = (text + String(chunk)).slice(0, MAX_PREAMBLE);
      // RFC 4253, 4.2: a server may send other lines first.
      const banner = /^(SSH-[^\r\n]*)\r?\n/m.exec(text)?.[1];
      if (banner !== undefined) finish({ kind: 'banner', text: banner });
    });
    // QEMU accepts for its guest, so a refusal to connect is the host's: no process forwards this port.
    socket.once('error', (error) => {
      const byHost = 'code' in error && error.code === 'ECONNREFUSED';
      finish({ kind: byHost ? 'silent' : 'refused' });
    });
    socket.once('end', () => finish({ kind: 'refused' }));
  });
}
