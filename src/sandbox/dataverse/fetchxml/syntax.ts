/** A parsed FetchXML query: what its elements say, with nothing looked up yet. Source: the FetchXML reference. */
export type Fetch = {
  entity: Source;
  aggregate: boolean;
  aggregateLimit: number | undefined;
  distinct: boolean;
  top: number | undefined;
  count: number | undefined;
  page: number;
  cookie: string | undefined;
  /** Ask for the number of all rows. */
  total: boolean;
  /** Choices are sorted by their numbers instead of their labels. */
  rawOrder: boolean;
};

/** `entity` and `link-entity`: a table and what is asked of it. */
export type Source = {
  name: string;
  alias: string | undefined;
  /** Every column: `all-attributes`, and of the entity also no attribute element at all. */
  all: boolean;
  attributes: Attribute[];
  orders: Order[];
  filters: Filter[];
  links: Link[];
};

export type Link = Source & { from: string | undefined; to: string | undefined; type: LinkType };
export type LinkType = (typeof LINK_TYPES)[number] | (typeof FILTER_LINK_TYPES)[number];
/** Link types of a `link-entity` within an entity. */
export const LINK_TYPES = ["inner", "outer", "exists", "in", "matchfirstrowusingcrossapply"] as const;
/** Link types of a `link-entity` within a filter. */
export const FILTER_LINK_TYPES = ["any", "not any", "all", "not all"] as const;

export type Attribute = {
  name: string;
  alias: string | undefined;
  aggregate: Aggregate | undefined;
  distinct: boolean;
  groupBy: boolean;
  datePart: DatePart | undefined;
  /** `rowaggregate="CountChildren"`. */
  children: boolean;
  /** The element, for error texts. */
  xml: string;
};

export const AGGREGATES = ["avg", "count", "countcolumn", "max", "min", "sum"] as const;
export type Aggregate = (typeof AGGREGATES)[number];
export const DATE_PARTS = ["day", "week", "month", "quarter", "year", "fiscal-period", "fiscal-year"] as const;
export type DatePart = (typeof DATE_PARTS)[number];

export type Order = {
  attribute: string | undefined;
  alias: string | undefined;
  entityName: string | undefined;
  descending: boolean;
};

export type Filter = { any: boolean; conditions: Condition[]; filters: Filter[]; links: Link[] };

export type Condition = {
  attribute: string;
  entityName: string | undefined;
  operator: string;
  values: string[];
  /** The column, `alias.column` or `column`, that is compared with instead of a value. */
  valueOf: string | undefined;
};
