/** The checks of `npm run lint` beside the formatter, in one process that parses each file once. */
import './imports.js';
import './casts.js';
import './sizes.js';
