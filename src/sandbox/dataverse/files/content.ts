/** The cell a content belongs to. */
export type Place = { table: string; row: string; column: string };

/** What a file or image column holds outside of its row. Never changed, only replaced. */
export type Content = {
  place: Place;
  bytes: Buffer;
  name: string;
  mime: string;
  /** Of an image: the full-sized one was kept, and not the thumbnail alone. */
  full: boolean;
};

/** A file that is being sent in blocks, by their ids; in requests with ranges an id is where the block begins. */
export type Upload = {
  place: Place;
  name: string;
  mime: string;
  /** In ranges, or by messages: to a file or image column, or into a note. */
  by: "ranges" | "blocks" | "note";
  image: boolean;
  /** The most bytes it may have. */
  most: number;
  /** Of the whole file, once a range has told. */
  size: number | undefined;
  blocks: Map<string, Buffer>;
  received: number;
};

/** Everything binary of an environment: contents by file or image id, and uploads by their tokens, oldest first. */
export type Files = { contents: Map<string, Content>; uploads: Map<string, Upload>; bytes: number };
