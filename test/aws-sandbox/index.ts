/** A stable door: scripts outside this repository import the sandbox from here. */
export * from '../../aws-sandbox/index.js';
