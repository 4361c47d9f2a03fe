/** Texts that try to end the quotes of one language or another. */
export const hostileTexts = [
  `'; touch pwned; '`,
  '$(touch pwned) `touch pwned`',
  '"; throw 1; //',
  '${file("/etc/passwd")} $${x} $$${y} %{ if true }',
  'a\\',
  'a\\"b',
  'line\nbreak\r\ttab \b\f\u007f',
  '- yes: [no] #',
  '\u2028\u2029\ufeff\ud800 é 漢',
  '\nROLEBRIDGE\ntouch pwned\n',
  '\n  JS\n}',
];
