import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { runCli } from '../support/cli.ts';

const HERE = { path: '/', home: '/nonexistent' };
const help = async (...args: string[]) => (await runCli(HERE, [...args, '--help'])).stdout;

describe('--help', () => {
  it('lists every command with a sentence, but not those that only shells use', async () => {
    const text = await help();
    for (const name of ['init', 'validate', 'up', 'down', 'status', 'ssh', 'exec', 'cp', 'logs', 'images', 'doctor']) {
      assert.match(text, new RegExp(`^  ${name}\\b.*\\S`, 'm'));
    }
    assert.doesNotMatch(text, /^ {2}complete\b/m);
  });

  it('ends with examples for every command, and each of them is a command of that name', async () => {
    const names = [...(await help()).matchAll(/^ {2}([a-z][a-z-]*)\b/gm)].map(([, name = '']) => name);
    const commands = names.slice(names.indexOf('init')).filter((name) => name !== 'help');
    assert.ok(commands.length > 15, commands.join(' '));
    for (const command of commands) {
      const text = await help(command);
      assert.match(text, new RegExp(`^ +(?:.*[(|] ?)?castra ${command}\\b`, 'm'), `${command} has no example`);
    }
  });

  it('names the exit codes', async () => {
    for (const code of ['64', '65', '66', '70', '73', '74', '75', '130']) {
      assert.match(await help(), new RegExp(`\\b${code} `));
    }
  });
});
