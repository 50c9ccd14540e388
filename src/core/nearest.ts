/**
 * Which of `candidates` somebody may have meant by `name`: at most `limit`, nearest first, none when nothing is near.
 * Case is ignored; a swapped pair of letters counts as one mistake (optimal string alignment), and a candidate that
 * begins with the name, or the other way round, is always near.
 */
export function nearest(name: string, candidates: Iterable<string>, limit = 3): string[] {
  const wanted = name.toLowerCase();
  const allowed = Math.max(1, Math.floor(wanted.length / 3));
  const scored: { candidate: string; distance: number }[] = [];
  for (const candidate of candidates) {
    const other = candidate.toLowerCase();
    const begins = wanted.length > 2 && other.length > 2 && (other.startsWith(wanted) || wanted.startsWith(other));
    if (!begins && Math.abs(other.length - wanted.length) > allowed) continue;
    const distance = mistakes(wanted, other);
    if (begins || distance <= allowed) scored.push({ candidate, distance });
  }
  scored.sort((a, b) => a.distance - b.distance || (a.candidate < b.candidate ? -1 : 1));
  // A name and a title that differ in case only are one offer, the small one: what tables and columns are called.
  const offers = new Map<string, string>();
  for (const { candidate } of scored) {
    const other = offers.get(candidate.toLowerCase());
    if (other === undefined || candidate > other) offers.set(candidate.toLowerCase(), candidate);
  }
  return [...offers.values()].slice(0, limit);
}

/** "; did you mean `a` or `b`?", or nothing. To be put after a sentence's last word. */
export function didYouMean(name: string, candidates: Iterable<string>): string {
  const near = nearest(name, candidates);
  return near.length === 0 ? "" : `; did you mean ${near.map((n) => `\`${n}\``).join(" or ")}?`;
}

function mistakes(a: string, b: string): number {
  let before: number[] = [];
  let above = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1];
      let best = Math.min(above[j]! + 1, row[j - 1]! + 1, above[j - 1]! + (same ? 0 : 1));
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) best = Math.min(best, before[j - 2]! + 1);
      row.push(best);
    }
    before = above;
    above = row;
  }
  return above[b.length]!;
}
