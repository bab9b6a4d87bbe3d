import { validateBootstrap, validateCastra } from 'castra:schema-validator';
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { Ajv } from 'ajv';
import { analyzeToml } from '../../../runtime/config/toml/meaning/meaning.ts';
import { parseToml } from '../../../runtime/config/toml/parser.ts';
import { analyze, HEAD } from './marked.ts';

interface Shape {
  readonly $ref?: string;
  readonly type?: string | readonly string[];
  readonly title?: string;
  readonly description?: string;
  readonly default?: unknown;
  readonly deprecated?: boolean;
  readonly examples?: readonly unknown[];
  readonly enum?: readonly string[];
  readonly anyOf?: readonly Shape[];
  readonly items?: Shape;
  readonly markdownEnumDescriptions?: readonly string[];
  readonly 'x-taplo'?: { readonly docs: { readonly enumValues: readonly string[] } };
  readonly required?: readonly string[];
  readonly properties?: Readonly<Record<string, Shape>>;
}

interface Kind {
  /** Of the document, without its extension. */
  readonly name: string;
  readonly validate: typeof validateCastra;
  /** More keys than this, more with words, and more refused examples in docs/diagnostics.md. */
  readonly more: readonly [keys: number, words: number, refused: number];
}

const KINDS: readonly Kind[] = [
  { name: 'castra', validate: validateCastra, more: [50, 4, 20] },
  { name: 'bootstrap', validate: validateBootstrap, more: [12, -1, 20] },
];

for (const { name, validate, more } of KINDS)
  describe(`${name}.schema.json, which editors show`, () => {
    const schema = JSON.parse(readFileSync(`runtime/config/${name}.schema.json`, 'utf8')) as Shape & {
      readonly definitions: Readonly<Record<string, Shape>>;
    };
    /** Every key with the table it stands in, references followed. */
    const keys = [[`${name}.toml`, schema] as const, ...Object.entries(schema.definitions)].flatMap(([table, shape]) =>
      Object.entries(shape.properties ?? {}).map(([key, own]) => {
        const definition = own.$ref?.split('/').at(-1);
        const target = definition === undefined ? own : schema.definitions[definition];
        return { key: `${table}.${key}`, isRequired: shape.required?.includes(key) ?? false, own, target };
      }),
    );

    it('describes every key', () => {
      assert.ok(keys.length > more[0]);
      const silent = keys.filter(({ own, target }) => !own.description && !target?.description);
      assert.deepEqual(
        silent.map(({ key }) => key),
        [],
      );
    });

    it('says of every key that may be left out what holds then', () => {
      const unsaid = keys.filter(({ isRequired, own, target }) => {
        const said = /Default: |Without it |No longer supported/.test(own.description ?? '');
        return !isRequired && own.default === undefined && !said && target?.type !== 'object';
      });
      assert.deepEqual(
        unsaid.map(({ key }) => key),
        [],
      );
    });

    it('gives every key and table a title, and every key but those of tables an example', () => {
      const isTable = ({ type, items }: Shape = {}) => type === 'object' || items?.$ref !== undefined;
      const lacking = keys.filter(({ key, own, target }) => {
        const examples = own.examples ?? target?.examples;
        const needsExample = target?.deprecated !== true && (!isTable(target) || key.endsWith('.env'));
        return !(own.title ?? target?.title) || (needsExample && !examples?.length);
      });
      assert.deepEqual(
        lacking.map(({ key }) => key),
        [],
      );
    });

    it('has examples and defaults that it allows itself', () => {
      const ajv = new Ajv({ strict: true, allowUnionTypes: true });
      ajv.addVocabulary(['markdownEnumDescriptions', 'x-taplo']).addSchema(schema, name);
      for (const [table, shape] of [['', schema] as const, ...Object.entries(schema.definitions)]) {
        for (const [key, own] of Object.entries(shape.properties ?? {})) {
          const place = `${name}#${table === '' ? '' : `/definitions/${table}`}/properties/${key}`;
          const values = [...(own.examples ?? []), ...(own.default === undefined ? [] : [own.default])];
          for (const value of values) assert.ok(ajv.validate(place, value), `${place}: ${JSON.stringify(value)}`);
        }
      }
    });

    it('says of every word that may be written what it means, to VS Code and to Taplo', () => {
      const choices = keys.flatMap(({ key, own }) => [own, ...(own.anyOf ?? [])].map((shape) => ({ key, shape })));
      const withWords = choices.filter(({ shape }) => shape.enum);
      assert.ok(withWords.length > more[1]);
      for (const { key, shape } of withWords) {
        assert.equal(shape.markdownEnumDescriptions?.length, shape.enum?.length, key);
        assert.deepEqual(shape['x-taplo']?.docs.enumValues, shape.markdownEnumDescriptions, key);
      }
    });

    it('is what documents are checked by: the validator without words refuses the same', () => {
      const whole = new Ajv({ strict: true, allowUnionTypes: true, allErrors: true });
      const validateWhole = whole.addVocabulary(['markdownEnumDescriptions', 'x-taplo']).compile(schema);
      const page = readFileSync('docs/diagnostics.md', 'utf8');
      const documents = [...page.matchAll(/^```toml(?: bootstrap)?\n([\s\S]*?)^```$/gm)].map((match) => match[1] ?? '');
      let refused = 0;
      for (const text of documents.flatMap((each) => [each, HEAD + each])) {
        const { value } = analyzeToml(parseToml(text));
        assert.equal(validate(value), validateWhole(value), text);
        const paths = (errors: readonly { readonly instancePath: string; readonly keyword: string }[] | null = []) =>
          (errors ?? []).map(({ instancePath, keyword }) => `${instancePath} ${keyword}`);
        assert.deepEqual(paths(validate.errors ?? []), paths(validateWhole.errors ?? []), text);
        refused += validate.errors ? 1 : 0;
      }
      assert.ok(refused > more[2]);
    });
  });

describe('castra.schema.json', () => {
  it('may be named in a first line, as Taplo and Tombi want it', () => {
    const text = 'version = "0.2.0"\nproject = { name = "demo" }\n[[vms]]\nname = "web"\n';
    assert.deepEqual(analyze(`#:schema ./castra.schema.json\n${text}`).diagnostics, analyze(text).diagnostics);
    assert.deepEqual(analyze(text).diagnostics, []);
  });
});
