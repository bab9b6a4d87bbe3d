import type { DiagnosticCode } from '../../../runtime/contract/diagnosticCodes.ts';
import type { Analysis } from '../../documents/analysis.ts';
import { arrayHeader } from './arrayHeader.ts';
import { closeHeader } from './closeHeader.ts';
import { closeList } from './closeList.ts';
import { closeString } from './closeString.ts';
import { correctKey } from './correctKey.ts';
import { correctChoice, correctName } from './correctWord.ts';
import { createScript } from './createScript.ts';
import { removeDuplicateKey } from './duplicateKey.ts';
import { emptyList } from './emptyList.ts';
import { equalsSign } from './equalsSign.ts';
import type { Fault, Fix, FixMaker } from './fix.ts';
import { forwardTable } from './forwardTable.ts';
import { fromJson } from './fromJson.ts';
import { fromYaml } from './fromYaml.ts';
import { chooseHostPort } from './hostPort.ts';
import { ignore, removeIgnore } from './ignoreComment.ts';
import { replaceManagedImage } from './managedImage.ts';
import { mergeTables } from './mergeTables.ts';
import { addMissingKey } from './missingKey.ts';
import { namedTables } from './namedTables.ts';
import { quoteWord } from './quoteWord.ts';
import { resetRemoteDir } from './remoteDir.ts';
import { removeItem } from './removeItem.ts';
import { renameVm } from './renameVm.ts';
import { respellSize } from './respellSize.ts';
import { retype } from './retype.ts';
import { setVersion } from './setVersion.ts';

/** What can be done about each code. */
const makers: Readonly<Partial<Record<DiagnosticCode, readonly FixMaker[]>>> = {
  'config/broker-port': [chooseHostPort],
  'config/duplicate-host-port': [chooseHostPort],
  'config/host-port-range': [chooseHostPort],
  'config/instance-id': [correctName],
  'config/invalid-memory': [respellSize],
  'config/invalid-size': [respellSize],
  'config/invalid-value': [correctChoice, emptyList],
  'config/invalid-vm-name': [renameVm],
  'config/managed-image': [replaceManagedImage],
  'config/missing-file': [createScript],
  'config/missing-key': [addMissingKey],
  'config/needs-itself': [removeItem],
  'config/remote-dir': [resetRemoteDir],
  'config/replicas-need-0.2': [setVersion],
  'config/unknown-identity': [correctName],
  'config/unknown-key': [correctKey],
  'config/unknown-need': [correctName],
  'config/useless-ignore': [removeIgnore],
  'config/version-newer': [setVersion],
  'config/version-unsupported': [setVersion],
  'config/wrong-type': [namedTables, arrayHeader, forwardTable, retype],
  'toml/colon': [equalsSign],
  'toml/duplicate-key': [removeDuplicateKey],
  'toml/invalid-number': [quoteWord],
  'toml/invalid-value': [quoteWord],
  'toml/missing-equals': [fromYaml],
  'toml/redefined-table': [arrayHeader, mergeTables],
  'toml/unclosed-array': [closeList],
  'toml/unclosed-header': [closeHeader],
  'toml/unclosed-inline-table': [closeList],
  'toml/unexpected': [fromJson],
  'toml/unterminated-string': [closeString],
};

export function fixesFor(analysis: Analysis, fault: Fault): Fix[] {
  const { code } = fault.finding;
  const own = makers[code] ?? [];
  return own.flatMap((make) => make(analysis, fault));
}

/** The last resort, which is offered for every warning. */
export function ignoreFixes(analysis: Analysis, fault: Fault): readonly Fix[] {
  return ignore(analysis, fault);
}
