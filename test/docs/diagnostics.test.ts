import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { analyzeBootstrap } from '../../runtime/config/bootstrap/analyzeBootstrap.ts';
import { findMismatches } from '../../runtime/config/bootstrap/bootstrapProject.ts';
import { findMissingFiles } from '../../runtime/config/findings/missingFiles.ts';
import { diagnosticCodes, factsOf, isDiagnosticCode } from '../../runtime/contract/diagnosticCodes.ts';
import { analyze, HEAD } from '../runtime/config/marked.ts';

const text = readFileSync('docs/diagnostics.md', 'utf8');
const sections = text.split(/^### /m).slice(1);

/** The code that a section is about. */
const codeOf = (section: string) => /^`([^`]+)`\n/.exec(section)?.[1] ?? '';

/** The codes that files under runtime report; a syntax error has its code without `toml/`. */
function codesInSource(): Set<string> {
  const files = readdirSync('runtime', { recursive: true })
    .map(String)
    .filter((name) => name.endsWith('.ts') && !name.endsWith('diagnosticCodes.ts'));
  const text = files.map((name) => readFileSync(`runtime/${name}`, 'utf8')).join('\n');
  const whole = [...text.matchAll(/'((?:config|toml|host|image)\/[a-z0-9.-]+)'/g)].map(([, code]) => String(code));
  const syntax = [...text.matchAll(/'([a-z-]+)'/g)].map(([, name]) => `toml/${name}`);
  return new Set([...whole, ...syntax.filter(isDiagnosticCode)]);
}

/** As `bootstrap/db/bootstrap.toml` of a project that has one VM, `web`. */
function bootstrapCodes(example: string): string[] {
  const bootstrap = analyzeBootstrap({ text: example, path: '/srv/demo/bootstrap/db/bootstrap.toml' });
  const mismatches = findMismatches(bootstrap, analyze(`${HEAD}[[vms]]\nname = "web"\n`).placed);
  return [...bootstrap.diagnostics, ...mismatches].map(({ code }) => code);
}

test('docs/diagnostics.md has every code, and no code that is not there', () => {
  assert.deepEqual(sections.map(codeOf).sort(), Object.keys(diagnosticCodes).sort());
});

test('every code of the table is reported somewhere', () => {
  const reported = codesInSource();
  assert.deepEqual(
    Object.keys(diagnosticCodes).filter((code) => !reported.has(code)),
    [],
  );
});

test('docs/diagnostics.md calls a warning what can be ignored, and nothing else', () => {
  for (const section of sections) {
    const code = codeOf(section);
    if (!isDiagnosticCode(code)) throw new Error(code);
    const { severity } = factsOf(code);
    const paragraph = section.split('\n').slice(1).join(' ');
    if (severity === 'warning') assert.match(paragraph, /\bwarn/i, `${code} is a warning`);
    if (severity === 'info') assert.match(paragraph, /\b(?:info|Castra says so)\b|only/i, `${code} is an info`);
  }
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
    const codes: string[] = [...analysis.diagnostics, ...missing].map((diagnostic) => diagnostic.code);
    assert.ok(codes.includes(code), `${code}: ${codes.join(', ')}`);
  }
});
