// The entry only connects: over IPC or standard input and output, as the client asks on the command line.
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { createConnection, ProposedFeatures } from 'vscode-languageserver/node';
import { startServer } from './server.ts';

/** Shipped beside the bundle, so that it can be read offline. */
const docs = pathToFileURL(join(__dirname, '../docs/diagnostics.md')).href;

startServer(createConnection(ProposedFeatures.all), docs);
