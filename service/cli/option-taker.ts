/** Takes options: a command of commander, or the reader of plain ones without it (`start.ts`). */
export interface OptionTaker<Taker> {
  option(flags: string, description: string): Taker;
  // biome-ignore lint/suspicious/noExplicitAny: commander's own type of the value before.
  option(flags: string, description: string, parse: (text: string, before: any) => unknown): Taker;
}
