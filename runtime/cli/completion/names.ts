import { openState } from '../../operations/project/openProject.ts';
import { projectVms } from '../../operations/project/vms.ts';
import { readSettings } from '../../process/environment.ts';
import { knownProjects } from '../../state/registry.ts';
import { selectConfig } from '../arguments.ts';
import type { Names } from './candidates.ts';

/** Names of the project here, or of the one that the command line names. A completion has nowhere to show an error, so what cannot be read has no names. */
export const namesHere: Names = {
  vms({ config, project: id }) {
    try {
      const settings = readSettings(process.env);
      const { place, project } = openState({ config: selectConfig(config, id), settings });
      const vms = projectVms(place.stateRoot, project?.vms ?? []);
      return vms.map(({ name, definition }) => ({ value: name, description: definition?.description ?? '' }));
    } catch {
      return [];
    }
  },
  projects: () =>
    knownProjects(readSettings(process.env).home).map(({ id, name }) => ({ value: id, description: name })),
};
