import type { Connector } from "../../core/connector.ts";
import type { Place } from "../../core/errors.ts";
import type { AudienceFile, ModelFile, Retention, SyncFile } from "../../core/project.ts";
import type { Path, ProjectDocument } from "./document.ts";

/** One file of the project, read and checked. */
export type Resource<T> = { name: string; document: ProjectDocument; file: T };

/** `config` was validated by the connector and holds secrets: never print it. */
export type Connection = { name: string; connector: Connector; config: unknown };

/** A project as its files say it, for one environment. Every name that is used in it exists. */
export type Project = {
  /** Absolute. */
  folder: string;
  name: string;
  environment: string;
  retention: Retention;
  connections: Map<string, Connection>;
  models: Map<string, Resource<ModelFile>>;
  audiences: Map<string, Resource<AudienceFile>>;
  /** Parents of lookups first. */
  syncs: Resource<SyncFile>[];
  /** The place of a path of keys in one of the project's files; undefined for a file that is not one of them. */
  place(file: string, path: Path): Place | undefined;
};

export type ConnectorSource = {
  /** The code for a connection's `type`; null when there is none. */
  load(type: string): Promise<Connector | null>;
  types(): string[];
};
