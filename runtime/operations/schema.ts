import castra from '../config/castra.schema.json' with { type: 'json' };
import type { Operation } from './run.ts';

/** The JSON Schema of castra.toml. Needs no project. */
export const schema: Operation<object, object> = () => Promise.resolve({ value: castra, diagnostics: [] });
