import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { analyzeBootstrap } from '../../runtime/config/analyzeBootstrap.ts';
import { findMismatches } from '../../runtime/config/bootstrapProject.ts';
import { findMissingFiles } from '../../runtime/config/findings/missingFiles.ts';
import { analyze, HEAD } from '../runtime/config/marked.ts';

const text = readFileSync('docs/diagnostics.md', 'utf8');
const sections = text.split(/^### /m).slice(1);

/** The code that a section is about. */
const codeOf = (section: string) => /^`([^`]+)`\n/.exec(section)?.[1] ?? '';

/** Every code that a file under runtime can report. */
function codesInSource(): string[] {
  const files = readdirSync('runtime', { recursive: true })
    .map(String)
    .filter((name) => name.endsWith('.ts'));
  const written = files.flatMap((name) =>
    [...readFileSync(`runtime/${name}`, 'utf8').matchAll(/'((?:config|toml|host|image)\/[a-z0-9.-]+)'/g)].map(
      (match) => match[1],
    ),
  );
  const union =
    /export type TomlErrorCode =([^;]+);/.exec(readFileSync('runtime/config/toml/syntax.ts', 'utf8'))?.[1] ?? '';
  const syntax = [...union.matchAll(/'([a-z-]+)'/g)].map((match) => `toml/${match[1]}`);
  assert.ok(syntax.length > 20);
  return [...new Set([...written, ...syntax].map(String))].sort();
}

/** As `bootstrap/db/bootstrap.toml` of a project that has one VM, `web`. */
function bootstrapCodes(example: string): string[] {
  const bootstrap = analyzeBootstrap({ text: example, path: '/srv/demo/bootstrap/db/bootstrap.toml' });
  const mismatches = findMismatches(bootstrap, analyze(`${HEAD}[[vms]]\nname = "web"\n`).placed);
  return [...bootstrap.diagnostics, ...mismatches].map(({ code }) => code);
}

test('docs/diagnostics.md has every code, and no code that is not there', () => {
  assert.deepEqual(sections.map(codeOf).sort(), codesInSource());
});

test('each example in docs/diagnostics.md leads to the code that it explains', () => {
  const withoutExample = ['config/gone', 'toml/control-character', 'toml/invalid', 'toml/too-deep'];
  for (const section of sections.filter((each) => !/^`(?:host|image)\//.test(each))) {
    const code = codeOf(section);
    const [, kind, example] = /^```toml( bootstrap)?\n([\s\S]*?)^```$/m.exec(section) ?? [];
    if (withoutExample.includes(code)) continue;
    assert.ok(example, `${code} has no example`);
    if (kind !== undefined) {
      const codes = bootstrapCodes(example);
      assert.ok(codes.includes(code), `${code}: ${codes.join(', ')}`);
      continue;
    }
    const head = example.includes('version =') ? '' : HEAD;
    const analysis = analyze(head + example);
    const missing = findMissingFiles(analysis, () => false);
    const codes = [...analysis.diagnostics, ...missing].map((diagnostic) => diagnostic.code);
    assert.ok(codes.includes(code), `${code}: ${codes.join(', ')}`);
  }
});
