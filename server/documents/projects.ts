import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { BOOTSTRAP_FILE, configOfBootstrap } from '../../runtime/config/bootstrap/bootstrapProject.ts';
import { type Analysis, pathOf } from './analysis.ts';
import type { Documents } from './documents.ts';
import { atMost } from './fileChecks.ts';
import { listFolder } from './folders.ts';
import { readSurveyed, type SurveyedFile } from './survey.ts';

/** A castra.toml and the bootstrap.toml files of its VMs: each as it is in the editor, or else on the disk. */
export interface Projects {
  /** The castra.toml of a bootstrap.toml as it was seen last, at once. */
  known(bootstrap: Analysis): Analysis | undefined;
  /** The same, looked at now; takes a moment at most, whatever the disk does. */
  look(bootstrap: Analysis): Promise<Analysis | undefined>;
  /** A bootstrap.toml with the VMs of its project; any other document as it is. */
  withVms(analysis: Analysis): Promise<Analysis>;
  /** The bootstrap.toml files beside a castra.toml, with its VMs. */
  bootstraps(project: Analysis): Promise<readonly Analysis[]>;
}

/** More VMs have no scripts of their own. */
const MAX_BOOTSTRAPS = 200;
/** Beyond, all is forgotten and read again. */
const MAX_READ = 500;

export function openProjects(documents: Documents, analyze: (uri: string, text: string) => Analysis): Projects {
  const read = new Map<string, { readonly file: SurveyedFile; readonly analysis: Analysis }>();
  const inEditor = (path: string): Analysis | undefined => {
    const open = documents.open.all().find(({ uri }) => uri.startsWith('file:') && pathOf(uri) === path);
    return open && documents.analysis(open.uri);
  };
  const reading = new Map<string, Promise<void>>();
  const readAnew = async (path: string): Promise<void> => {
    const before = read.get(path);
    const file = await readSurveyed(path, before?.file);
    if (read.size > MAX_READ) read.clear();
    if (file === undefined) read.delete(path);
    else if (file !== before?.file) read.set(path, { file, analysis: analyze(pathToFileURL(path).href, file.text) });
  };
  // One look at a time for each path: looks that hang must not pile up.
  const onDisk = (path: string): Promise<void> => {
    const look = reading.get(path) ?? readAnew(path).finally(() => reading.delete(path));
    reading.set(path, look);
    return look;
  };
  const seen = (path: string) => inEditor(path) ?? read.get(path)?.analysis;
  const see = async (path: string): Promise<Analysis | undefined> => {
    if (inEditor(path) === undefined) await atMost(onDisk(path));
    return seen(path);
  };
  const look = async (bootstrap: Analysis) => {
    const path = projectPath(bootstrap);
    return path === undefined ? undefined : see(path);
  };
  return {
    known(bootstrap) {
      const path = projectPath(bootstrap);
      return path === undefined ? undefined : seen(path);
    },
    look,
    async withVms(analysis) {
      const project = await look(analysis);
      return project ? { ...analysis, placed: project.placed } : analysis;
    },
    async bootstraps({ uri, bootstrap, place, placed }) {
      if (bootstrap || !uri.startsWith('file:')) return [];
      const folder = join(dirname(place.configPath), 'bootstrap');
      const folders = (await foldersIn(folder)).slice(0, MAX_BOOTSTRAPS);
      const found = await Promise.all(folders.map((name) => see(join(folder, name, BOOTSTRAP_FILE))));
      return found.flatMap((analysis) => (analysis ? [{ ...analysis, placed }] : []));
    },
  };
}

async function foldersIn(path: string): Promise<readonly string[]> {
  let names: readonly string[] = [];
  const list = async () => {
    names = (await listFolder(path, '')).flatMap(({ name, isFolder }) => (isFolder ? [name] : []));
  };
  await atMost(list());
  return names;
}

/** A document that is not saved belongs nowhere. */
function projectPath({ bootstrap, uri }: Analysis): string | undefined {
  return bootstrap && uri.startsWith('file:') ? configOfBootstrap(bootstrap.path) : undefined;
}
