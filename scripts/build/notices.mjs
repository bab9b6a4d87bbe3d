// THIRD-PARTY-NOTICES.txt: the licence of every package that a bundle has something of, as the metafiles say.
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const LICENCE_FILE = /^(?:licen[cs]e|copying|notice)(?:[.-].*)?$/i;

/** `node_modules/x` or `node_modules/@a/b` of a path, the innermost one. */
function packageFolder(path) {
  const match = /^(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(path);
  return match?.[1];
}

/** The folders of all packages in the bundles that metafiles in `folder` describe. */
export function bundledPackages(folder) {
  const metafiles = readdirSync(folder).map((name) => JSON.parse(readFileSync(join(folder, name), 'utf8')));
  const inputs = metafiles.flatMap(({ outputs }) => Object.values(outputs).flatMap((output) => bytesOf(output)));
  return [...new Set(inputs.map(packageFolder).filter((path) => path !== undefined))].sort();
}

/** Files that are left out whole are named too, with no byte. */
function bytesOf({ inputs }) {
  return Object.entries(inputs).flatMap(([path, { bytesInOutput }]) => (bytesInOutput > 0 ? [path] : []));
}

/** A name, a version and the whole licence text of a package. A package without a text stops the build. */
export function noticeOf(folder) {
  const { name, version, license } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  const texts = licenceFiles(folder, name).map((file) => readFileSync(file, 'utf8').trim());
  if (texts.length === 0) {
    throw new Error(`${name} ${version} (${license}) has no licence file. Add its text as ${ownCopy(name)}.`);
  }
  return { name, version, license, text: texts.join('\n\n') };
}

function licenceFiles(folder, name) {
  const files = readdirSync(folder).filter((file) => LICENCE_FILE.test(file));
  if (files.length > 0) return files.sort().map((file) => join(folder, file));
  return existsSync(ownCopy(name)) ? [ownCopy(name)] : [];
}

/** For a package that ships without the text of its licence. */
const ownCopy = (name) => `scripts/build/licences/${name.replaceAll('/', '-')}.txt`;

export function writeNotices(metafiles, path) {
  const notices = bundledPackages(metafiles).map(noticeOf);
  const sections = notices.map(({ name, version, license, text }) => `${name} ${version} (${license})\n\n${text}`);
  const line = '-'.repeat(80);
  const head = `Castra contains parts of these packages, each under its own licence.\n`;
  const content = `${[head, ...sections].join(`\n${line}\n\n`)}\n`;
  writeFileSync(path, content);
}
