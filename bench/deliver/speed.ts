/** Divides every modelled time: five minutes of Dataverse's limits are fifteen seconds. */
export const SPEED = 20;
