import type { Location } from 'vscode-languageserver';
import type { Analysis } from '../documents/analysis.ts';
import type { Projects } from '../documents/projects.ts';
import { findMentions, type Mention, mentionAt } from './roles.ts';

/** A place that names a role, and the document that it is in. */
export interface PlacedMention {
  readonly analysis: Analysis;
  readonly mention: Mention;
}

/** Every place that names the role at an offset: in castra.toml first, then in the bootstrap.toml files beside it. */
export async function mentionsAcross(
  analysis: Analysis,
  offset: number,
  projects: Projects,
): Promise<readonly PlacedMention[]> {
  const own = await projects.withVms(analysis);
  const role = mentionAt(findMentions(own), offset)?.role;
  if (role === undefined) return [];
  const project = analysis.bootstrap ? await projects.look(analysis) : analysis;
  const documents = project ? [project, ...(await projects.bootstraps(project))] : [own];
  return documents.flatMap((document) =>
    findMentions(document)
      .filter((mention) => mention.role === role)
      .map((mention) => ({ analysis: document, mention })),
  );
}

export function locationOf({ analysis, mention }: PlacedMention): Location {
  return { uri: analysis.uri, range: analysis.positions.range(mention.span) };
}
