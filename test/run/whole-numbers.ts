/** The numbers that a program was started with. @throws Error when a word is none: it would check nothing and succeed */
export function wholeNumbers(words: readonly string[]): number[] {
  const wrong = words.find((word) => !/^\d{1,15}$/.test(word));
  if (wrong !== undefined) throw new Error(`"${wrong}" is not a whole number.`);
  return words.map(Number);
}
