import all from './jest.config.js';

/** `npm test`: of the slow tests, one for each kind of thing that only they show. */
const short = [
  'cli-completion',
  'demo',
  'main',
  'store-postgres.contract',
  'templates',
  'tracing',
  'two-processes',
];

export default {
  ...all,
  projects: all.projects.map((project) =>
    project.displayName === 'slow'
      ? { ...project, testMatch: [`<rootDir>/test/slow/{${short.join(',')}}.test.ts`] }
      : project,
  ),
};
