/** A count and what is said of so many: `counted(1, "row has", "rows have")` is "1 row has". */
export function counted(n: number, one: string, several: string): string {
  return `${n} ${n === 1 ? one : several}`;
}
