import { analyzeProject } from '../../operations/project/openProject.ts';
import { readSettings } from '../../process/environment.ts';
import { knownVms } from '../../state/liveness.ts';
import { knownProjects } from '../../state/registry.ts';
import type { Candidate, Names } from './candidates.ts';

/** Names of the project here. A completion has nowhere to show an error, so what cannot be read has no names. */
export const namesHere: Names = {
  vms() {
    try {
      const settings = readSettings(process.env);
      const { place, project } = analyzeProject({ config: { kind: 'discover', from: process.cwd() }, settings });
      const declared = (project?.vms ?? []).map(({ name, description = '' }) => ({ value: name, description }));
      const others = knownVms(place.stateRoot).filter((name) => !declared.some(({ value }) => value === name));
      return [...declared, ...others.map((value): Candidate => ({ value, description: '' }))];
    } catch {
      return [];
    }
  },
  projects: () =>
    knownProjects(readSettings(process.env).home).map(({ id, name }) => ({ value: id, description: name })),
};
