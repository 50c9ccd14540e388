/** A job that deletes the rows of its queries once its time has come. Plain data, so that snapshots can hold it. */
export type BulkDeleteJob = {
  id: string;
  operation: string;
  /** In whose name, and with whose rights. */
  user: string;
  /** FetchXML, one for each query. */
  queries: string[];
  /** When it begins and when it is done, by the environment's clock. */
  begins: number;
  ends: number;
  begun: boolean;
};
