/** What a record holds under a name that a client chose: nothing inherited, such as `constructor`. */
export function own<T>(record: Record<string, T>, name: string): T | undefined {
  return Object.hasOwn(record, name) ? record[name] : undefined;
}
