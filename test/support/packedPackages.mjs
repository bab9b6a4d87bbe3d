// For `node --import`: takes undici and ssh2 from dist/packages, so that tests of the runtime see what ships.
import { register } from 'node:module';
import { pathToFileURL } from 'node:url';

const hook = `
  const folder = ${JSON.stringify(pathToFileURL('dist/packages/').href)};
  const packed = ['ssh2', 'undici'];
  export const resolve = (specifier, context, next) =>
    next(packed.includes(specifier) ? folder + specifier + '.js' : specifier, context);
`;
register(`data:text/javascript,${encodeURIComponent(hook)}`);
