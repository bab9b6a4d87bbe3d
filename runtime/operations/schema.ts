import bootstrap from '../config/bootstrap.schema.json' with { type: 'json' };
import castra from '../config/castra.schema.json' with { type: 'json' };
import type { SchemaOptions } from '../contract/project.ts';
import type { Operation } from './run.ts';

const schemas = { castra, bootstrap };

/** The JSON Schema of castra.toml, or of bootstrap.toml. Needs no project. */
export const schema: Operation<SchemaOptions, object> = ({ file = 'castra' }) =>
  Promise.resolve({ value: schemas[file], diagnostics: [] });
