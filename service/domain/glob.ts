/**
 * `*` is any text, `?` any one character. It keeps every place of the text that the pattern so far can end at, so no pattern is slow.
 */
export function matchesGlob(pattern: string, text: string): boolean {
  let ends = [0];
  for (const expected of pattern) {
    const first = ends[0];
    if (first === undefined) return false;
    ends =
      expected === '*'
        ? Array.from({ length: text.length - first + 1 }, (_, more) => first + more)
        : ends.flatMap((end) =>
            end < text.length && (expected === '?' || expected === text[end]) ? [end + 1] : [],
          );
  }
  return ends.includes(text.length);
}
