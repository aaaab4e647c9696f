/** Under which key the cache holds an event. */

export const eventKey = (id: string): unknown[] => ["events", "one", id];
