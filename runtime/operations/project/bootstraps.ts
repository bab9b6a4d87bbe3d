import { existsSync, readFileSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { analyzeBootstrap } from '../../config/bootstrap/analyzeBootstrap.ts';
import { bootstrapFiles, findMismatches, findMissing } from '../../config/bootstrap/bootstrapProject.ts';
import { inOrder } from '../../config/findings/findings.ts';
import { expandHome } from '../../config/vms/paths.ts';
import type { PlacedVm } from '../../config/vms/placedVm.ts';
import type { Diagnostic } from '../../contract/diagnostics.ts';
import { CastraError, messageOf } from '../../contract/failures.ts';

/** The bootstrap.toml files that VMs have; they need none. */
export function existingBootstraps(placed: readonly PlacedVm[], configPath: string): string[] {
  return bootstrapFiles(placed, configPath).filter(isFile);
}

/** Everything that is wrong with a bootstrap.toml, in the order of its text. Fails with `config-unreadable`. */
export function validateBootstrap(path: string, placed: readonly PlacedVm[]): readonly Diagnostic[] {
  const bootstrap = analyzeBootstrap({ text: read(path), path });
  const outside = [...findMismatches(bootstrap, placed), ...findMissing(bootstrap, exists)];
  return inOrder([...bootstrap.diagnostics, ...outside]);
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new CastraError({ kind: 'config-unreadable', path, detail: messageOf(error) }, { cause: error });
  }
}

const exists = (path: string): boolean => existsSync(expandHome(path, homedir()));

/** What cannot be looked at counts as absent. */
export function isFile(path: string): boolean {
  try {
    return statSync(path).isFile();
  } catch {
    return false;
  }
}
