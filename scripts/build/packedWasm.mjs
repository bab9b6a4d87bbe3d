// WebAssembly that packages carry as text in base64: a VSIX compresses that by a third only, as base64 hides what repeats.
import { readFileSync } from 'node:fs';
import { deflateRawSync } from 'node:zlib';

const FILES =
  /(?:undici.lib.llhttp.llhttp-wasm|ssh2.lib.protocol.crypto.poly1305|xz-decompress.dist.package.xz-decompress)\.js$/;
/** A string of base64, perhaps of a data: URL; nothing else in these files is as long. */
const LITERAL = /(["'])(data:[\w/-]+;base64,)?([A-Za-z\d+/=]{5000,})\1/;

/** Deflates it before it becomes base64; the code gets the same string as before. */
export const packedWasm = {
  name: 'packed-wasm',
  setup(bundle) {
    bundle.onLoad({ filter: FILES }, ({ path }) => {
      const source = readFileSync(path, 'utf8');
      if (!LITERAL.test(source)) throw new Error(`${path} has no WebAssembly in base64 any more.`);
      return { contents: source.replace(LITERAL, (_, _quote, head = '', text) => packed(head, text)), loader: 'js' };
    });
  },
};

function packed(head, text) {
  const bytes = deflateRawSync(Buffer.from(text, 'base64'), { level: 9 }).toString('base64');
  return `(${JSON.stringify(head)}+require('node:zlib').inflateRawSync(Buffer.from('${bytes}','base64')).toString('base64'))`;
}
