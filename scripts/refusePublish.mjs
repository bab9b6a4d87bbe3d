// Links of the README lead nowhere on npm's page when it is published from here.
console.error('Run `npm run package`, then publish the folder it wrote: `npm publish .cache/npm`.');
process.exitCode = 1;
