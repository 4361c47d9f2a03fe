import { readFileSync } from 'node:fs';
import all from './jest.config.js';

/** `npm test`: of the slow tests, one for each kind of thing that only they show. */
const short = JSON.parse(readFileSync(new URL('test/run/short.json', import.meta.url), 'utf8'));

export default {
  ...all,
  projects: all.projects.map((project) =>
    project.displayName === 'slow'
      ? { ...project, testMatch: [`<rootDir>/test/slow/{${short.join(',')}}.test.ts`] }
      : project,
  ),
};
