import type { HostProblem, Subject, VmDefinition } from '../../config/project.ts';
import type { DiagnosticCode } from '../../contract/diagnosticCodes.ts';
import { CastraError } from '../../contract/failures.ts';
import { checkBaseFile } from '../../images/resolveBaseImage.ts';
import { readUserData, userPart } from '../../seed/userData.ts';

/** What is wrong with the files on this host that VMs are made of. */
export async function checkFiles(vms: readonly VmDefinition[]): Promise<HostProblem[]> {
  const images = await Promise.all(vms.map(checkBaseImage));
  return [...images.flat(), ...vms.flatMap(checkUserData)];
}

/** A file of the user's; what Castra gets itself may not be there yet. */
async function checkBaseImage({ name, image }: VmDefinition): Promise<HostProblem[]> {
  if (image.kind !== 'file') return [];
  try {
    await checkBaseFile(name, image.path);
    return [];
  } catch (error) {
    return [explainFile(error, 'host/base-image', { vm: name, key: 'base_image' })];
  }
}

function checkUserData({ name, userData }: VmDefinition): HostProblem[] {
  if (userData === undefined) return [];
  try {
    userPart(name, readUserData(name, userData));
    return [];
  } catch (error) {
    return [explainFile(error, 'host/user-data', { vm: name, key: 'user_data' })];
  }
}

function explainFile(error: unknown, code: DiagnosticCode, about: Subject): HostProblem {
  if (!(error instanceof CastraError)) throw error;
  return { severity: 'error', code, message: error.message, about };
}
