import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { messageOf } from '../../runtime/contract/failures.ts';
import { SERVER } from '../../test/support/lspClient.ts';
import { run } from '../run.ts';
import { type BenchDocument, jsonDocument, tomlDocument } from './documents.ts';

export interface BenchServer {
  readonly name: string;
  readonly command: readonly string[];
  readonly document: (lines: number) => BenchDocument;
  readonly initializationOptions?: Readonly<Record<string, unknown>>;
  /** Settings that are sent after the start. */
  readonly settings?: unknown;
}

const SCHEMA = 'runtime/config/castra.schema.json';
/** Ignored by git; peers are never a dependency of ours. */
const CACHE = join(process.cwd(), '.cache', 'lsp-bench');

/** Ours, and the peers that npm can get; a line says which it cannot. */
export function findServers(): BenchServer[] {
  return [castra(), ...peer('tombi', tombi), ...peer("VS Code's JSON server", json)];
}

function castra(): BenchServer {
  return { name: 'castra', command: [process.execPath, SERVER, '--stdio'], document: tomlDocument };
}

function peer(name: string, get: () => BenchServer): BenchServer[] {
  try {
    return [get()];
  } catch (error) {
    console.log(`${name} is left out: ${messageOf(error).split('\n')[0]}`);
    return [];
  }
}

/** The native binary itself: the package's own start script would only add Node's start. */
function tombi(): BenchServer {
  const cli = `@tombi-toml/cli-${process.platform}-${process.arch}`;
  install(['@tombi-toml/tombi', cli]);
  const binary = join(CACHE, 'node_modules', cli, process.platform === 'win32' ? 'tombi.exe' : 'tombi');
  if (!existsSync(binary)) throw new Error(`${cli} has no binary`);
  return { name: 'tombi', command: [binary, 'lsp', '--offline'], document: tomlDocument };
}

function json(): BenchServer {
  install(['vscode-langservers-extracted']);
  const program = createRequire(join(CACHE, 'package.json')).resolve(
    'vscode-langservers-extracted/bin/vscode-json-language-server',
  );
  const schema: unknown = JSON.parse(readFileSync(SCHEMA, 'utf8'));
  const schemas = [{ fileMatch: ['castra.json'], url: 'castra://schema.json', schema }];
  return {
    name: 'VS Code JSON',
    command: [process.execPath, program, '--stdio'],
    document: jsonDocument,
    initializationOptions: { provideFormatter: true },
    settings: { json: { validate: { enable: true }, schemas } },
  };
}

function install(packages: readonly string[]): void {
  mkdirSync(CACHE, { recursive: true });
  const manifest = join(CACHE, 'package.json');
  if (!existsSync(manifest)) writeFileSync(manifest, '{ "private": true }\n');
  if (packages.every((name) => existsSync(join(CACHE, 'node_modules', name)))) return;
  const options = ['--no-audit', '--no-fund', '--ignore-scripts', '--loglevel=error'];
  run('npm', ['install', ...options, ...packages], { cwd: CACHE });
}
