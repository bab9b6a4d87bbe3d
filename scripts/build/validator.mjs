// Compiles the JSON Schemas to validator functions while bundling, so that no bundle carries ajv's compiler.
import { readFileSync } from 'node:fs';
import { Ajv } from 'ajv';
import standaloneCode from 'ajv/dist/standalone/index.js';

/** By the name of the function that each becomes. */
const SCHEMAS = {
  validateCastra: 'runtime/config/castra.schema.json',
  validateBootstrap: 'runtime/config/bootstrap.schema.json',
};
/** What the two are called together while they are compiled. */
const ALL = 'all';

/** The texts of a schema for people; editors read it, and Taplo what is under its own name. */
const WORDS = ['title', 'description', 'default', 'examples', 'deprecated', 'markdownEnumDescriptions', 'x-taplo'];

/** A schema with only what decides whether a document is valid. `name` gives parts that repeat a place of their own. */
function withoutWords(schema, name) {
  const own = Object.entries(schema).filter(([keyword]) => !WORDS.includes(keyword));
  return Object.fromEntries(own.map(([keyword, value]) => [keyword, nestedWithoutWords(keyword, value, name)]));
}

function nestedWithoutWords(keyword, value, name) {
  const nested = (schema) => name(withoutWords(schema, name));
  if (keyword === 'anyOf') return value.map((schema) => withoutWords(schema, name));
  if (keyword === 'items') return nested(value);
  if (keyword === 'additionalProperties') return value && nested(value);
  if (keyword !== 'properties' && keyword !== 'definitions') return value;
  return Object.fromEntries(Object.entries(value).map(([key, schema]) => [key, nested(schema)]));
}

/**
 * The schemas as definitions of one, with all that they share a definition too: what ajv makes of each is a function,
 * and a call is a third of what checking a short text takes.
 */
function sharedSchema(schemas) {
  const parts = new Map();
  const nameOf = (text) => `part${[...parts.keys()].indexOf(text)}`;
  const collect = (part) => {
    if (part.$ref) return part;
    const text = JSON.stringify(part);
    parts.set(text, part);
    return { $ref: `${ALL}#/definitions/${nameOf(text)}` };
  };
  const roots = Object.entries(schemas).map(([name, schema]) => {
    const local = JSON.parse(JSON.stringify(schema).replaceAll('"#/definitions/', `"${ALL}#/definitions/${name}.`));
    const { definitions, ...root } = local;
    const own = Object.entries(definitions).map(([key, value]) => [`${name}.${key}`, withoutWords(value, collect)]);
    return [[name, withoutWords(root, collect)], ...own];
  });
  const shared = [...parts].map(([text, part]) => [nameOf(text), part]);
  return { $id: ALL, definitions: Object.fromEntries([...roots.flat(), ...shared]) };
}

/** Provides `castra:schema-validator`. */
export const schemaValidator = {
  name: 'schema-validator',
  setup(bundle) {
    bundle.onResolve({ filter: /^castra:schema-validator$/ }, (args) => ({ path: args.path, namespace: 'schema' }));
    bundle.onLoad({ filter: /.*/, namespace: 'schema' }, () => {
      const schemas = Object.fromEntries(
        Object.entries(SCHEMAS).map(([name, path]) => [name, JSON.parse(readFileSync(path, 'utf8'))]),
      );
      const options = { allErrors: true, strict: true, allowUnionTypes: true };
      for (const schema of Object.values(schemas)) new Ajv(options).addVocabulary(WORDS.slice(-2)).compile(schema);
      // Without words for people, in the schema and in its errors: the validator is half as large, and as it carries
      // parts of the schema it would grow with every description. For the same reason shared parts are functions.
      const ajv = new Ajv({ ...options, messages: false, inlineRefs: false, code: { source: true, esm: true } });
      ajv.addSchema(sharedSchema(schemas));
      const exported = Object.keys(schemas).map((name) => [name, `${ALL}#/definitions/${name}`]);
      // What only keywords of one's own would read is passed with every call.
      const contents = standaloneCode
        .default(ajv, Object.fromEntries(exported))
        .replaceAll(/, ?parentData(?::\w+)?, ?parentDataProperty(?::(?:"[^"]*"|\w+))?, ?rootData(?:=data)?(?=\})/g, '');
      return { contents, loader: 'js', resolveDir: process.cwd(), watchFiles: Object.values(SCHEMAS) };
    });
  },
};

/** Leaves out of the schemas themselves what a bundle never reads. */
export const withoutKeywords = (...keywords) => ({
  name: 'lean-schemas',
  setup(bundle) {
    bundle.onLoad({ filter: /\.schema\.json$/ }, ({ path }) => {
      const keep = (key, value) => (keywords.includes(key) ? undefined : value);
      return { contents: JSON.stringify(JSON.parse(readFileSync(path, 'utf8'), keep)), loader: 'json' };
    });
  },
});

/** Findings name keys and words; only `castra schema`, which is in rest.js, and the server explain them. */
export const bareSchemas = {
  name: 'bare-schemas',
  setup(bundle) {
    bundle.onLoad({ filter: /\.schema\.json$/ }, ({ path }) => {
      const bare = withoutWords(JSON.parse(readFileSync(path, 'utf8')), (schema) => schema);
      return { contents: JSON.stringify(bare), loader: 'json' };
    });
  },
};
